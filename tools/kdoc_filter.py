#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Doxygen INPUT_FILTER: kernel-doc comments in, Doxygen commands out.

    name() - short            @brief
    @arg: text                @param, or @var of a struct's member
    Guarantees: Example:      titled paragraphs
    Context:                  a titled paragraph
    Return:                   @return
    @name within a sentence   set as code
    the comment under SPDX    @file: without it Doxygen leaves the functions out
"""
import re
import sys

OPENING = re.compile(r"\A(/\* SPDX[^\n]*\*/\n)/\*\n(.*?\*/)", re.S)
HEAD = re.compile(r" \* (struct |enum |union |typedef |)(\w+)(?:\(\))? - (.*)")
ARG = re.compile(r" \* @(\w+|\.\.\.):\s*(.*)")
SECTION = re.compile(r" \* (Return|Context|Guarantees|Example):\s*(.*)")
COMMENT = re.compile(r"/\*\*.*?\*/", re.S)
REFERENCE = re.compile(r"(?<![\w@])@(\w+)")


def code(text):
    return REFERENCE.sub(r"@p \1", text)


def section(title, text):
    return f" * @return {text}" if title == "Return" else f" * @par {title}\n * {text}"


def convert(match):
    lines = match.group(0).split("\n")[1:-1]
    head = HEAD.match(lines[0]) if lines else None
    if not head:
        return code(match.group(0))
    kind, name, brief = head.groups()
    has_members = kind not in ("", "typedef ")
    body = ["/**"] + ([f" * @{kind}{name}"] if kind else []) + [f" * @brief {brief}"]
    members = []
    into = body
    for line in lines[1:]:
        arg, titled = ARG.match(line), SECTION.match(line)
        if arg and has_members:
            into = members
            members.append(f" */\n/**\n * @var {name}::{arg[1]}\n * {code(arg[2])}")
        elif arg:
            body.append(f" * @param {arg[1]} {code(arg[2])}")
        elif titled:
            into = body
            body.append(section(titled[1], code(titled[2])))
        else:
            into = body if line.strip() == "*" else into
            into.append(code(line))
    return "\n".join(body + members + [" */"])


with open(sys.argv[1], encoding="utf-8") as source:
    text = COMMENT.sub(convert, source.read())
    sys.stdout.write(OPENING.sub(lambda match: f"{match[1]}/**\n * @file\n{code(match[2])}", text))
