#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the example saturation with what inlayc says about its trained networks.

usage: check_saturation.py PROGRAM INLAYC MODEL_OBJECT BUILD_FOLDER

The report of inlayc and the program count flat slopes independently of each other: both must find the same shares. In
the manifest a network that normalises its input must have the layers, operations and bytes of one that does not.
"""
import json
import re
import subprocess
import sys

FUNCTIONS = ["sigmoid", "tanh", "relu"]
# The program prints three digits behind the point of a percentage. Rounding of f32 may also move a slope across the
# threshold, for one of 355 images and 32 neurons.
TOLERANCE = 0.0005 / 100 + 1.5 / (355 * 32)


def fail(message):
    sys.exit("check_saturation.py: " + message)


def main(program, inlayc, model, folder):
    printed = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    section = printed.split("the networks in trained.safetensors", 1)[1]
    shares = re.findall(r"^  (\w+_(?:raw|normalised)) +([\d.]+) % +([\d.]+) %$", section, re.MULTILINE)
    if len(shares) != 6:
        fail(f"expected 6 networks in the program's output, found {len(shares)}")

    report = "saturation_report.json"
    subprocess.run([inlayc, model, "--weights", f"{folder}/trained.safetensors",
                    "--input-samples", f"{folder}/images.safetensors", f"--report-saturation={report}"], check=True)
    with open(report, encoding="utf-8") as file:
        networks = {network["name"]: network for network in json.load(file)["networks"]}
    for name, *printed_shares in shares:
        for layer, share in zip(("hidden1", "hidden2"), printed_shares):
            found = [each["flat_share"] for each in networks[name]["layers"] if each["layer"] == f"{name}.{layer}"]
            if len(found) != 1:
                fail(f"the report has {len(found)} layers {name}.{layer}, expected one")
            print(f"{name}.{layer}: {share} % flat in the program, {100 * found[0]:.3f} % in the report")
            if abs(found[0] - float(share) / 100) > TOLERANCE:
                fail("the shares differ")

    with open(f"{folder}/saturation_kernels/model_kernels.json", encoding="utf-8") as file:
        manifest = {network["name"]: network for network in json.load(file)["networks"]}
    for function in FUNCTIONS:
        raw, normalised = manifest[f"{function}_raw"], manifest[f"{function}_normalised"]
        for layer in raw["layers"]:
            layer["name"] = layer["name"].replace("_raw", "_normalised")
        for what in ("flops_per_sample", "weight_bytes", "scratch_bytes", "layers"):
            if raw[what] != normalised[what]:
                fail(f"{function}: {what} is {raw[what]} raw and {normalised[what]} normalised: it is not folded")
        print(f"{function}: {raw['flops_per_sample']} FLOP and {raw['weight_bytes']} bytes of weights, "
              "with and without the normalisation")


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
