#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plays the guitar of examples/amp as a WAV file through both amplifiers, and compares with the expected signals.

usage: play_amp.py AMP EXAMPLE_FOLDER WORK_FOLDER
"""
import array
import math
import subprocess
import sys
import wave

RATE = 48000
# The program plays silence first, which the expected signals lack. The WaveNet remembers it for so many samples.
REMEMBERED = 4092


def read_floats(path):
    with open(path, "rb") as file:
        return array.array("f", file.read())


def write_wav(path, samples):
    with wave.open(path, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(array.array("h", (round(x * 32768) for x in samples)).tobytes())


def read_wav(path):
    with wave.open(path, "rb") as file:
        params = file.getparams()
        if (params.nchannels, params.sampwidth, params.framerate) != (1, 2, RATE):
            sys.exit(f"{path}: expected mono, 2 bytes and {RATE} Hz, found {params}")
        return [x / 32768 for x in array.array("h", file.readframes(params.nframes))]


def rms(values):
    return math.sqrt(sum(x * x for x in values) / len(values))


def main():
    amp, example, work = sys.argv[1:]
    dry, wet = f"{work}/dry.wav", f"{work}/wet.wav"
    guitar = read_floats(f"{example}/data/guitar.f32")
    write_wav(dry, guitar)
    # The file's rounding to 16 bits is amplified, most by the WaveNet near silence.
    for network, expected_file, bound in (("wavenet", "wavenet", 0.03), ("small", "lstm", 0.01)):
        subprocess.run([amp, "--network", network, dry, wet], check=True)
        expected = read_floats(f"{example}/data/{expected_file}.expected.f32")[REMEMBERED:]
        played = read_wav(wet)
        if len(played) != len(guitar):
            sys.exit(f"{network}: expected {len(guitar)} samples, found {len(played)}")
        difference = rms([a - b for a, b in zip(played[REMEMBERED:], expected)]) / rms(expected)
        print(f"{network}: {difference:.2%} of the signal's RMS differs, not more than {bound:.0%}")
        if not difference <= bound:
            sys.exit(1)


main()
