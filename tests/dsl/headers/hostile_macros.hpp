// SPDX-License-Identifier: Apache-2.0
// Macros that other programs may define before they include our headers: Qt's keywords, Unreal's assertions, names from
// X11 and windows.h.
#pragma once

// Qt, without QT_NO_KEYWORDS.
#define emit
#define slots
#define signals public
#define foreach(variable, container) for (variable : container)
#define forever for (;;)

// Unreal.
#define check(condition) static_cast<void>(condition)
#define checkf(condition, ...) static_cast<void>(condition)
#define verify(condition) static_cast<void>(condition)
#define ensure(condition) (!!(condition))
#define TEXT(literal) L##literal
#define INDEX_NONE (-1)
#define PI 3.1415926f

// X11.
#define None 0L
#define Bool int
#define Status int
#define True 1
#define False 0
#define Always 2
#define Success 0
#define Unsorted 0
#define KeyPress 2
#define CursorShape 0

// windows.h. (min and max are function-like: without a parenthesis behind it, such a name is not replaced.)
#define min(a, b) (((a) < (b)) ? (a) : (b))
#define max(a, b) (((a) > (b)) ? (a) : (b))
#define near
#define far
#define pascal
#define small char
#define hyper long
#define IN
#define OUT
#define OPTIONAL
#define CONST const
#define ERROR 0
#define NO_ERROR 0
#define interface struct
#define DELETE 0x00010000L
#define TRUE 1
#define FALSE 0
#define VOID void
#define DIFFERENCE 11
#define STRICT 1
#define RELATIVE 1
#define ABSOLUTE 0
#define TRANSPARENT 1
#define Yield()
#define GetObject GetObjectA
#define CreateWindow CreateWindowA

// <sys/sysmacros.h>, <complex.h>, <assert.h>, and macros that compilers predefine in GNU modes.
#define major(device) (device)
#define minor(device) (device)
#define I 1
#define unix 1
#define linux 1
#define assert(condition) static_cast<void>(0)
