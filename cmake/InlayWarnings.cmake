# SPDX-License-Identifier: Apache-2.0
# The target inlay_warnings: link it PRIVATE to get the project's warnings. In the installed package it is empty; it
# exists there because the exported static libraries link it.
include_guard()

add_library(inlay_warnings INTERFACE)
add_library(Inlay::warnings ALIAS inlay_warnings)
set(inlay_warning_options -Wall -Wextra -Wpedantic -Wshadow -Wconversion)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # g++ 12 wrongly warns about overlap in std::string's operator+ (GCC bug 105651).
  list(APPEND inlay_warning_options -Wno-restrict)
endif()
if(INLAY_WARNINGS_AS_ERRORS)
  list(APPEND inlay_warning_options -Werror)
endif()
target_compile_options(inlay_warnings INTERFACE "$<BUILD_INTERFACE:$<$<COMPILE_LANGUAGE:CXX>:${inlay_warning_options}>>")
