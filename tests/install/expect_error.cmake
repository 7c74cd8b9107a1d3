# SPDX-License-Identifier: Apache-2.0
# Configures the misuse NAME of inlay_add_network() in SOURCE, which must stop with a message that matches MESSAGE.
file(REMOVE_RECURSE ${BUILD})
execute_process(
  COMMAND ${CMAKE_COMMAND} -S ${SOURCE} -B ${BUILD} -DCASE=${NAME} -DCMAKE_PREFIX_PATH=${PREFIX}
          -DCMAKE_CXX_COMPILER=${COMPILER}
  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
# CMake wraps the lines of a message.
string(REGEX REPLACE "[ \n]+" " " flat "${output}")
string(REGEX MATCH "inlay_add_network.*" flat "${flat}")
if(result EQUAL 0)
  message(FATAL_ERROR "the misuse was accepted:\n${output}")
elseif(NOT flat MATCHES "${MESSAGE}")
  message(FATAL_ERROR "expected a message with '${MESSAGE}', found\n${output}")
endif()
string(REGEX REPLACE " Call Stack.*" "" flat "${flat}")
message(STATUS "${flat}")
