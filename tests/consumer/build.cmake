# SPDX-License-Identifier: MIT
# Builds somebody else's program against what was installed in STAGE, by
# find_package (ROAD=cmake) or by pkg-config (ROAD=pkgconfig), and runs it.
function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE status OUTPUT_VARIABLE out ERROR_VARIABLE out)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${ARGV}\nended with ${status}:\n${out}")
  endif()
  set(out "${out}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
set(ENV{LD_LIBRARY_PATH} ${STAGE}/${LIBDIR})

if(ROAD STREQUAL "cmake")
  run(${CMAKE_COMMAND} -S ${SOURCE} -B ${WORK} -G ${GENERATOR} -D CMAKE_C_COMPILER=${CC}
      "-DCMAKE_C_FLAGS=${FLAGS}" -D CMAKE_PREFIX_PATH=${STAGE})
  run(${CMAKE_COMMAND} --build ${WORK})
else()
  # The .pc file names the prefix it was configured for: tell it the stage.
  set(ENV{PKG_CONFIG_PATH} ${STAGE}/${LIBDIR}/pkgconfig)
  if(NOT SHARED)
    set(static --static)
  endif()
  separate_arguments(flags UNIX_COMMAND "${FLAGS}")
  run(pkg-config ${static} --cflags --libs vmmdirty)
  separate_arguments(words UNIX_COMMAND "${out}")
  run(${CC} ${flags} ${SOURCE}/main.c -o ${WORK}/consumer ${words})
endif()

run(${WORK}/consumer)
if(NOT out MATCHES "^vmmdirty ")
  message(FATAL_ERROR "the consumer printed ${out}")
endif()

# Is it the flavour that was asked for?
file(GET_RUNTIME_DEPENDENCIES EXECUTABLES ${WORK}/consumer RESOLVED_DEPENDENCIES_VAR libraries
  UNRESOLVED_DEPENDENCIES_VAR missing DIRECTORIES ${STAGE}/${LIBDIR})
if("${libraries}" MATCHES "libvmmdirty")
  set(linked ON)
else()
  set(linked OFF)
endif()
if((SHARED AND NOT linked) OR (linked AND NOT SHARED))
  message(FATAL_ERROR "shared: ${SHARED}, but the consumer needs ${libraries}")
endif()
