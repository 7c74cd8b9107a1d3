#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a rough page of all activations and checks it, then damages it in several ways and checks that each is seen.

usage: check_page.py INLAY_ACTIVATIONS ACTIVATIONS_HPP ACTIVATIONS_MD WORK_FOLDER
"""
import math
import re
import subprocess
import sys
import xml.etree.ElementTree as tree

HTML = "{http://www.w3.org/1999/xhtml}"
SVG = "{http://www.w3.org/2000/svg}"
TIERS = "largest error / 2^-13, AVX-512, AVX2"
TOLERANCE = 0.11  # pixels; paths are rounded to 0.1


def names_of_table(header):
    """The enumerators, which are the names."""
    with open(header, encoding="utf-8") as file:
        body = re.search(r"enum class activation .*?\{(.*?)\};", file.read(), re.S).group(1)
    return [name for name in re.findall(r"(\w+) = \d+", body) if name != "none"]


def limits_of_document(document):
    """{(name, unit): [limits]} from the certificates, and from the table of tiers for `approximate` forms."""
    limits = {}
    with open(document, encoding="utf-8") as file:
        unit = None
        for line in file:
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if len(cells) > 1 and not line.startswith(("| ", "|---")) or cells[0] in ("activation", ""):
                unit = {"max ulp": "ulp", TIERS: "2^-13"}.get(cells[1] if len(cells) > 1 else None)
            elif unit and line.startswith("| "):
                limits.setdefault((cells[0], unit), []).append(float(cells[2]) if unit == "ulp" else 1.0)
    return limits


def highest(path):
    """The least y of a path of M, H, V, L and Z: the highest point of what it draws."""
    least = math.inf
    for letter, numbers in re.findall(r"([MHVLZ])([^MHVLZ]*)", path):
        values = [float(number) for number in numbers.split()]
        if not all(map(math.isfinite, values)):
            raise ValueError("a path has '%s'" % numbers)
        if letter in "ML":
            least = min(least, values[1])
        elif letter == "V":
            least = min(least, values[0])
    return least


def problems_of_pictures(card):
    for svg in card.iter(SVG + "svg"):
        limits, heights = {}, {}
        for path in svg.iter(SVG + "path"):
            kind = path.get("class").split()
            try:
                top = highest(path.get("d"))
            except ValueError as error:
                yield str(error)
                continue
            if kind[0] == "limit":
                limits[kind[1]] = top
            elif kind[0] in ("area", "steps"):
                heights[kind[1]] = top
            elif kind[0] in ("curve", "slope") and path.get("d") == "":
                yield "an empty curve"
        if limits.keys() != heights.keys():
            yield "limits of %s, errors of %s" % (sorted(limits), sorted(heights))
        for tier in limits.keys() & heights.keys():
            if heights[tier] < limits[tier] - TOLERANCE:
                yield "the picture's error of %s is above its limit" % tier


def problems_of_form(name, form, limits):
    tier, unit = form.get("data-form"), form.get("data-unit")
    worst, limit, ns = (float(form.get(key)) for key in ("data-worst", "data-limit", "data-ns"))
    label = "%s (%s): " % (name, tier)
    if not all(map(math.isfinite, (worst, limit, ns))):
        yield label + "a number is not finite"
        return
    if not 0 <= worst <= limit:
        yield label + "error %g, limit %g" % (worst, limit)
    if limit not in limits.get((name, unit), []):
        yield label + "limit %g, in the document %s" % (limit, limits.get((name, unit)))
    if not 0 < ns < 1000:
        yield label + "%g ns per element" % ns
    certified = [float(cell.get("data-certified")) for cell in form.iter() if cell.get("data-certified")]
    # Not every approximate form has one.
    if not all(0 <= each <= limit for each in certified) or (tier != "approximate" and len(certified) != 1):
        yield label + "expected a certificate within the limit, found %s" % certified


def problems_of(page, names, limits):
    """Everything that is wrong with a page."""
    try:
        root = tree.fromstring(page)
    except tree.ParseError as error:
        return ["no XML: %s" % error]
    problems = []
    cards = {card.get("id"): card for card in root.iter(HTML + "section")}
    lines = {row.get("data-index"): row for row in root.iter(HTML + "tr") if row.get("data-index")}
    if list(cards) != names:
        problems.append("cards: expected %s, found %s" % (names, list(cards)))
    if list(lines) != names:
        problems.append("index: expected %s, found %s" % (names, list(lines)))
    for name, line in lines.items():
        problems += ["%s in the index: %s" % (name, problem) for problem in problems_of_pictures(line)]
    for name, card in cards.items():
        forms = [row for row in card.iter(HTML + "tr") if row.get("data-form")]
        expected = sum(len(found) for (each, _), found in limits.items() if each == name)
        if len(forms) != expected:
            problems.append("%s: expected %d forms, found %d" % (name, expected, len(forms)))
        for form in forms:
            problems += problems_of_form(name, form, limits)
        problems += ["%s: %s" % (name, problem) for problem in problems_of_pictures(card)]
        if "broken" in card.get("class").split():
            problems.append("%s is marked as broken" % name)
        if len(list(card.iter(HTML + "figure"))) < 3:
            problems.append("%s: fewer than three pictures" % name)
    text = "".join(root.itertext())
    if re.search(r"\b-?nan\b", text):
        problems.append("a number is nan")
    if re.search(r"(src|href)=\"(?!#)|url\(|<script", page):
        problems.append("the page needs something outside of itself")
    return problems


def damaged(page):
    """What must be seen: a name, and a page with that damage."""
    def replaced(pattern, by):
        result, count = re.subn(pattern, by, page, count=1, flags=re.S)
        assert count == 1, pattern
        return result

    yield "a card is missing", replaced(r"<section class=\"card\" id=\"mish\">.*?</section>", "")
    yield "a line of the index is missing", replaced(r"<tr data-index=\"elu\">.*?</tr>", "")
    yield "an error is nan", replaced(r"data-worst=\"[^\"]*\"", "data-worst=\"nan\"")
    yield "an error is above the limit", replaced(r"(data-form=\"fast\".*?data-worst=)\"[^\"]*\"", r'\1"6.5"')
    yield "a limit is not the document's", replaced(r"(id=\"tanh\".*?data-limit=)\"1.1\"", r'\1"2"')
    yield "a time is 0", replaced(r"data-ns=\"[^\"]*\"", "data-ns=\"0\"")
    yield "a form is missing", replaced(r"<tr data-form=\"approximate\".*?</tr>", "")
    yield "a certificate is missing", replaced(r" data-certified=\"[^\"]*\"", "")
    yield "a path of the index has nan", replaced(r"(<path class=\"curve\" d=\")M[0-9.]+", r"\1Mnan")
    yield "a path of a card has nan", replaced(r"(id=\"elu\".*?<path class=\"curve\" d=\")M[0-9.]+", r"\1Mnan")
    yield "a picture's error is above the limit", replaced(r"(<path class=\"area exact\" d=\"M\S+ \S+?V)[0-9.]+", r"\g<1>1.0")
    yield "a contract is broken", replaced(r"class=\"card\"", "class=\"card broken\"")
    yield "a picture is missing", replaced(r"(id=\"relu\".*?)<figure>.*?</figure>", r"\1")
    yield "no XML", replaced(r"</section>", "")
    yield "a picture from the network", replaced(r"<figure>", "<figure><img src=\"https://example.org/a.png\"/>")


def main():
    tool, header, document, folder = sys.argv[1:]
    path = folder + "/activations.html"
    picture = folder + "/activations.svg"
    subprocess.run([tool, "--quick", "--output", path, "--picture", picture], check=True)
    with open(path, encoding="utf-8") as file:
        page = file.read()
    names, limits = names_of_table(header), limits_of_document(document)
    problems = problems_of(page, names, limits)
    with open(picture, encoding="utf-8") as file:
        labels = [text.text for text in tree.fromstring(file.read()).iter(SVG + "text")]
    if labels != names:
        problems.append("picture: expected %s, found %s" % (names, labels))
    for damage, broken_page in damaged(page):
        if not problems_of(broken_page, names, limits):
            problems.append("not seen: %s" % damage)
    print("\n".join(problems) or "%d activations, all as they should be" % len(names))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
