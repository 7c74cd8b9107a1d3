# SPDX-License-Identifier: Apache-2.0
# Runs PROGRAM with the planted bug BUG: it must fail with REPORT on stderr, or succeed silently if REPORT is empty.
execute_process(COMMAND ${PROGRAM} ${BUG} RESULT_VARIABLE result ERROR_VARIABLE errors)
if(REPORT STREQUAL "")
  if(NOT result EQUAL 0 OR NOT errors STREQUAL "")
    message(FATAL_ERROR "without a bug, expected success and no report; found exit code ${result} and\n${errors}")
  endif()
elseif(result EQUAL 0)
  message(FATAL_ERROR "planted ${BUG} was not caught: the program ended normally")
elseif(NOT errors MATCHES "${REPORT}")
  message(FATAL_ERROR "planted ${BUG}: expected a report with '${REPORT}', found exit code ${result} and\n${errors}")
endif()
string(REGEX MATCH "[^\n]*(ERROR: AddressSanitizer|runtime error)[^\n]*" line "${errors}")
message(STATUS "${BUG}: exit code ${result} ${line}")
