# SPDX-License-Identifier: Apache-2.0
# Copies the folder FROM to TO/source, after emptying TO, so that no build folder remains. BESIDE may name folders that
# the example shares with others; they are copied into TO.
file(REMOVE_RECURSE ${TO})
file(COPY ${FROM}/ DESTINATION ${TO}/source)
if(BESIDE)
  file(COPY ${BESIDE} DESTINATION ${TO})
endif()
