# SPDX-License-Identifier: MIT
# Debian's Check has no CMake package and only static libraries; it needs
# libsubunit-dev. pkg-config knows both.
pkg_check_modules(CHECK REQUIRED IMPORTED_TARGET check)

# vmd_test(<name> [LABELS ...] [SOURCES ...] [LIBRARIES ...]): test_<name>.c is
# one Check suite and one ctest test, linked with the library's objects; SOURCES
# are helpers beside it, e.g. an oracle, LIBRARIES are other targets.
function(vmd_test name)
  cmake_parse_arguments(ARG "" "" "LABELS;SOURCES;LIBRARIES" ${ARGN})
  add_executable(test_${name} test_${name}.c ${ARG_SOURCES} support.c)
  target_link_libraries(test_${name} PRIVATE ${ARG_LIBRARIES} vmmdirty_objects PkgConfig::CHECK)
  target_compile_definitions(test_${name} PRIVATE VMD_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  vmd_warnings(test_${name})
  add_test(NAME ${name} COMMAND test_${name})
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" SKIP_RETURN_CODE 77
    ENVIRONMENT "CK_TAP_LOG_FILE_NAME=${CMAKE_CURRENT_BINARY_DIR}/${name}.tap;CK_TIMEOUT_MULTIPLIER=10")
endfunction()

# vmd_test_again(<name> OF <suite> [LABELS ...] [ENVIRONMENT ...]): the suite as
# another test, told by its environment to do more.
function(vmd_test_again name)
  cmake_parse_arguments(ARG "" "OF" "LABELS;ENVIRONMENT" ${ARGN})
  add_test(NAME ${name} COMMAND test_${ARG_OF})
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" SKIP_RETURN_CODE 77
    ENVIRONMENT "CK_TAP_LOG_FILE_NAME=${CMAKE_CURRENT_BINARY_DIR}/${name}.tap;CK_TIMEOUT_MULTIPLIER=10;${ARG_ENVIRONMENT}")
endfunction()

# vmd_example(<name>): a program whose output is part of the book. The text
# beside it is what the book shows; the test keeps the two equal.
function(vmd_example name)
  add_executable(${name} ${name}.c)
  target_link_libraries(${name} PRIVATE vmmdirty::vmmdirty)
  vmd_warnings(${name})
  vmd_golden(example_${name} PROGRAM ${name} LABELS example
    GOLDEN ${CMAKE_CURRENT_SOURCE_DIR}/${name}.out)
endfunction()

# vmd_golden(<test> PROGRAM <target> GOLDEN <file> [PRODUCED <file>]
#            [ARGS ...] [LABELS ...]): the program runs in an empty folder with
# ARGS; what it prints, or the file PRODUCED that it leaves there, equals GOLDEN
# byte for byte. `cmake --build ... --target update_golden` writes all of them
# anew: read the difference before you commit it.
function(vmd_golden test)
  cmake_parse_arguments(ARG "" "PROGRAM;GOLDEN;PRODUCED" "ARGS;LABELS" ${ARGN})
  list(JOIN ARG_ARGS " " words)
  set(compare ${CMAKE_COMMAND} -D PROGRAM=$<TARGET_FILE:${ARG_PROGRAM}> "-DARGS=${words}"
    -D PRODUCED=${ARG_PRODUCED} -D GOLDEN=${ARG_GOLDEN} -D WORK=${CMAKE_CURRENT_BINARY_DIR}/golden/${test})
  set(script -P ${PROJECT_SOURCE_DIR}/cmake/CompareGolden.cmake)
  add_test(NAME ${test} COMMAND ${compare} ${script})
  set_tests_properties(${test} PROPERTIES LABELS "${ARG_LABELS}")

  if(NOT TARGET update_golden)
    add_custom_target(update_golden)
  endif()
  add_custom_target(update_${test} COMMAND ${compare} -D UPDATE=ON ${script} VERBATIM)
  add_dependencies(update_${test} ${ARG_PROGRAM})
  add_dependencies(update_golden update_${test})
endfunction()

# vmd_damaged_program(<id> SOURCE <file> SOURCES ...): a program of SOURCES and the
# library, in which mutants/<id>.patch has damaged one source file: its object
# alone is built again and takes the place of the good one.
function(vmd_damaged_program id)
  cmake_parse_arguments(ARG "" "SOURCE" "SOURCES" ${ARGN})
  string(REGEX REPLACE "^src/" "" inner ${ARG_SOURCE})
  string(REPLACE "." "\\." regex "${inner}.o")
  set(patch ${CMAKE_CURRENT_SOURCE_DIR}/mutants/${id}.patch)
  set(bad ${CMAKE_CURRENT_BINARY_DIR}/mutants/${id}/${inner})
  get_filename_component(dir ${bad} DIRECTORY)

  add_custom_command(OUTPUT ${bad}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${dir}
    COMMAND patch --silent --fuzz=0 --output=${bad} ${PROJECT_SOURCE_DIR}/${ARG_SOURCE} ${patch}
    DEPENDS ${PROJECT_SOURCE_DIR}/${ARG_SOURCE} ${patch} VERBATIM)
  add_executable(${id} ${ARG_SOURCES} ${bad}
    $<FILTER:$<TARGET_OBJECTS:vmmdirty_objects>,EXCLUDE,/${regex}$>)
  set_target_properties(${id} PROPERTIES C_CLANG_TIDY "") # damaged on purpose
  target_include_directories(${id} PRIVATE
    $<TARGET_PROPERTY:vmmdirty_objects,INCLUDE_DIRECTORIES>)
  target_compile_definitions(${id} PRIVATE
    $<TARGET_PROPERTY:vmmdirty_objects,COMPILE_DEFINITIONS>)
  target_link_libraries(${id} PRIVATE
    $<TARGET_PROPERTY:vmmdirty_objects,LINK_LIBRARIES>)
endfunction()

# vmd_mutant(<id> SOURCE <file> TEST <name> CAUGHT_BY <test>): test_<name>, linked
# with the options that it has, and a damaged library; there <test> must fail. Not in sanitizer builds: they would
# end the damaged program before its test can.
function(vmd_mutant id)
  if(VMD_SANITIZE)
    return()
  endif()
  cmake_parse_arguments(ARG "" "SOURCE;TEST;CAUGHT_BY" "" ${ARGN})
  get_target_property(sources test_${ARG_TEST} SOURCES)
  get_target_property(options test_${ARG_TEST} LINK_OPTIONS)
  get_target_property(libraries test_${ARG_TEST} LINK_LIBRARIES)
  list(REMOVE_ITEM libraries vmmdirty_objects)
  vmd_damaged_program(${id} SOURCE ${ARG_SOURCE} SOURCES ${sources})
  target_include_directories(${id} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_compile_definitions(${id} PRIVATE VMD_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_link_libraries(${id} PRIVATE ${libraries})
  if(options)
    target_link_options(${id} PRIVATE ${options})
  endif()
  add_test(NAME mutant_${id} COMMAND ${id})
  # Not WILL_FAIL: that accepts every other reason to fail as well.
  set_tests_properties(mutant_${id} PROPERTIES LABELS mutant
    PASS_REGULAR_EXPRESSION ":[FE]:[^:\n]*:${ARG_CAUGHT_BY}:")
endfunction()

# vmd_header_check(): every public header stands alone, in C11 and in C++.
function(vmd_header_check)
  set(kinds c)
  if(CMAKE_CXX_COMPILER)
    list(APPEND kinds cpp)
  endif()
  file(GLOB headers RELATIVE ${PROJECT_SOURCE_DIR}/include CONFIGURE_DEPENDS
       ${PROJECT_SOURCE_DIR}/include/vmmdirty/*.h)
  foreach(header IN LISTS headers)
    string(MAKE_C_IDENTIFIER ${header} id)
    foreach(kind IN LISTS kinds)
      file(CONFIGURE OUTPUT header_${id}.${kind}
           CONTENT "#include <${header}>\n#include <${header}>\ntypedef int vmd_header_${id};\n")
      list(APPEND sources ${CMAKE_CURRENT_BINARY_DIR}/header_${id}.${kind})
    endforeach()
  endforeach()
  add_library(vmd_header_check OBJECT ${sources})
  target_include_directories(vmd_header_check PRIVATE ${PROJECT_SOURCE_DIR}/include)
  target_compile_options(vmd_header_check PRIVATE -Wall -Wextra -Wpedantic -Wconversion)
  set_target_properties(vmd_header_check PROPERTIES C_EXTENSIONS OFF
    C_CLANG_TIDY "" CXX_CLANG_TIDY "")
endfunction()
