# SPDX-License-Identifier: Apache-2.0
# Sourced by the bash scripts of this folder: finds the tree, prints headings and errors, builds.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# A heading for the next piece of work.
say() { printf '== %s\n' "$*"; }

fail() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# Prints the comment block of the script that begins with "usage:".
usage() { sed -n '/^# usage:/,/^$/{s/^# \{0,1\}//;p}' "$0"; }

# The build folder that CMakePresets.json gives to a preset.
build_folder() {
  if [[ $1 == default ]]; then echo build; else echo "build-$1"; fi
}

# Thins ninja's progress to one line for every ten per cent or half minute. Keeps all other lines, such as warnings and
# errors.
thin_progress() {
  local line tenth shown=-1 next=0
  while IFS= read -r line; do
    if [[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]]; then
      tenth=$((10 * BASH_REMATCH[1] / BASH_REMATCH[2]))
      if ((tenth == shown && SECONDS < next)); then continue; fi
      shown=$tenth
      next=$((SECONDS + 30))
    fi
    printf '%s\n' "$line"
  done
}

# build PRESET TARGET...: configures the preset's build folder unless it is configured, and builds the targets.
build() {
  local preset=$1 folder
  shift
  folder=$(build_folder "$preset")
  cd "$root" || exit 1
  if [[ ! -f $folder/build.ninja ]]; then
    say "configuring $folder/"
    mkdir -p "$folder"
    cmake --preset "$preset" >"$folder/configure.log" 2>&1 || {
      cat "$folder/configure.log" >&2
      fail "configuring failed"
    }
  fi
  say "building $* in $folder/"
  if [[ -t 1 ]]; then
    cmake --build "$folder" --parallel "$(nproc)" --target "$@" || fail "the build failed"
  else
    cmake --build "$folder" --parallel "$(nproc)" --target "$@" 2>&1 | thin_progress
    [[ ${PIPESTATUS[0]} == 0 ]] || fail "the build failed"
  fi
}
