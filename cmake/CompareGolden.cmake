# SPDX-License-Identifier: MIT
# cmake -D PROGRAM=... [-D ARGS=...] -D GOLDEN=... [-D PRODUCED=...] -D WORK=...
#       [-D UPDATE=ON] -P CompareGolden.cmake
#
# Runs PROGRAM in the empty folder WORK. What it prints, or the file PRODUCED
# that it leaves there, must equal GOLDEN byte for byte; UPDATE makes it so.
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})

separate_arguments(words UNIX_COMMAND "${ARGS}")
execute_process(COMMAND ${PROGRAM} ${words} WORKING_DIRECTORY ${WORK}
  OUTPUT_FILE ${WORK}/stdout ERROR_VARIABLE complaints RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} ${ARGS}\nended with ${status}:\n${complaints}")
endif()

if(NOT PRODUCED)
  set(PRODUCED stdout)
elseif(NOT EXISTS ${WORK}/${PRODUCED})
  message(FATAL_ERROR "${PROGRAM} ${ARGS}\nleft no ${PRODUCED}")
endif()
if(UPDATE)
  file(COPY_FILE ${WORK}/${PRODUCED} ${GOLDEN} ONLY_IF_DIFFERENT)
  return()
endif()

execute_process(COMMAND ${CMAKE_COMMAND} -E compare_files ${WORK}/${PRODUCED} ${GOLDEN}
  RESULT_VARIABLE status ERROR_QUIET)
if(NOT status EQUAL 0)
  find_program(DIFF diff)
  if(DIFF)
    execute_process(COMMAND ${DIFF} -u ${GOLDEN} ${WORK}/${PRODUCED} OUTPUT_VARIABLE difference)
  endif()
  message(FATAL_ERROR "${PROGRAM} ${ARGS} does not give ${GOLDEN}:\n${difference}")
endif()
