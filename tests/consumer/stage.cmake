# SPDX-License-Identifier: MIT
# Builds the library alone in BUILD, shared or static as SHARED says, and
# installs it to STAGE. What is there already is built on.
function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE status OUTPUT_VARIABLE out ERROR_VARIABLE out)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${ARGV}\nended with ${status}:\n${out}")
  endif()
endfunction()

# A tree that was moved or copied has a cache that speaks of another place.
if(EXISTS ${BUILD}/CMakeCache.txt)
  file(STRINGS ${BUILD}/CMakeCache.txt home REGEX "^CMAKE_HOME_DIRECTORY:")
  if(NOT home STREQUAL "CMAKE_HOME_DIRECTORY:INTERNAL=${SOURCE}")
    file(REMOVE_RECURSE ${BUILD})
  endif()
endif()

file(REMOVE_RECURSE ${STAGE})
run(${CMAKE_COMMAND} -S ${SOURCE} -B ${BUILD} -G ${GENERATOR} -D CMAKE_C_COMPILER=${CC}
    -D CMAKE_BUILD_TYPE=${BUILD_TYPE} -D BUILD_SHARED_LIBS=${SHARED} -D CMAKE_INSTALL_LIBDIR=${LIBDIR}
    -D VMD_BUILD_TESTS=OFF -D VMD_BUILD_TOOLS=OFF -D VMD_BUILD_BENCH=OFF)
run(${CMAKE_COMMAND} --build ${BUILD} --parallel 2)
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${STAGE})
