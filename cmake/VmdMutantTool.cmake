# SPDX-License-Identifier: MIT
# vmd_mutant_tool(<id> SOURCE <file> SCRIPT <script>): the command, linked with
# a library that mutants/<id>.patch has damaged in one source file; the script
# is called with it and says what such a command must do. As vmd_mutant(), not
# in sanitizer builds.
function(vmd_mutant_tool id)
  if(VMD_SANITIZE OR NOT VMD_BUILD_TOOLS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "SOURCE;SCRIPT" "" ${ARGN})
  get_target_property(sources vmmdirty_tool SOURCES)
  get_target_property(folder vmmdirty_tool SOURCE_DIR)
  list(TRANSFORM sources PREPEND ${folder}/)
  vmd_damaged_program(${id} SOURCE ${ARG_SOURCE} SOURCES ${sources})
  target_compile_definitions(${id} PRIVATE
    $<TARGET_PROPERTY:vmmdirty_tool,COMPILE_DEFINITIONS>)
  target_link_libraries(${id} PRIVATE vmmdirty_verify)
  add_test(NAME mutant_${id} COMMAND ${ARG_SCRIPT} $<TARGET_FILE:${id}>)
  set_tests_properties(mutant_${id} PROPERTIES LABELS mutant)
endfunction()
