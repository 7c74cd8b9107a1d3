# SPDX-License-Identifier: Apache-2.0
# Makes a fresh copy of the folder FROM in TO/source, with no build folder beside it.
file(REMOVE_RECURSE ${TO})
file(COPY ${FROM}/ DESTINATION ${TO}/source)
