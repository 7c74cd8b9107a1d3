# SPDX-License-Identifier: Apache-2.0
# Copies the folder FROM to TO/source, after emptying TO, so that no build folder remains.
file(REMOVE_RECURSE ${TO})
file(COPY ${FROM}/ DESTINATION ${TO}/source)
