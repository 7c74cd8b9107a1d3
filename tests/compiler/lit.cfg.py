# SPDX-License-Identifier: Apache-2.0
# How lit runs the compiler's tests.
import os

import lit.formats

config.name = "inlay-compiler"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.inlay_build, "out")
config.environment["PATH"] = os.pathsep.join(config.inlay_tools + [config.environment["PATH"]])
# %model FILE.cpp OUT.o compiles a model as a user would.
config.substitutions.append(
    ("%model", f"{config.inlay_cxx} -std=c++20 -I{config.inlay_source}/dsl/include -c -o"))
config.substitutions.append(("%python", "/usr/bin/env python3"))
config.substitutions.append(("%inputs", os.path.join(config.test_source_root, "inlayc", "Inputs")))
