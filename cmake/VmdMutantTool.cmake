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
  string(REGEX REPLACE "^src/" "" inner ${ARG_SOURCE})
  string(REPLACE "." "\\." regex "${inner}.o")
  set(patch ${CMAKE_CURRENT_SOURCE_DIR}/mutants/${id}.patch)
  set(bad ${CMAKE_CURRENT_BINARY_DIR}/mutants/${id}/${inner})
  get_filename_component(dir ${bad} DIRECTORY)

  add_custom_command(OUTPUT ${bad}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${dir}
    COMMAND patch --silent --fuzz=0 --output=${bad} ${PROJECT_SOURCE_DIR}/${ARG_SOURCE} ${patch}
    DEPENDS ${PROJECT_SOURCE_DIR}/${ARG_SOURCE} ${patch} VERBATIM)
  get_target_property(sources vmmdirty_tool SOURCES)
  get_target_property(folder vmmdirty_tool SOURCE_DIR)
  list(TRANSFORM sources PREPEND ${folder}/)
  add_executable(${id} ${sources} ${bad}
    $<FILTER:$<TARGET_OBJECTS:vmmdirty_objects>,EXCLUDE,/${regex}$>)
  set_target_properties(${id} PROPERTIES C_CLANG_TIDY "") # damaged on purpose
  target_include_directories(${id} PRIVATE
    $<TARGET_PROPERTY:vmmdirty_objects,INCLUDE_DIRECTORIES>)
  target_compile_definitions(${id} PRIVATE
    $<TARGET_PROPERTY:vmmdirty_tool,COMPILE_DEFINITIONS>
    $<TARGET_PROPERTY:vmmdirty_objects,COMPILE_DEFINITIONS>)
  target_link_libraries(${id} PRIVATE
    $<TARGET_PROPERTY:vmmdirty_objects,LINK_LIBRARIES>)
  add_test(NAME mutant_${id} COMMAND ${ARG_SCRIPT} $<TARGET_FILE:${id}>)
  set_tests_properties(mutant_${id} PROPERTIES LABELS mutant)
endfunction()
