/*
 * Functions this program does not call. Included before every product file by the build.
 *
 * strcpy, strcat, sprintf, vsprintf, gets: no bound. strncpy, strncat: a bound that does not mean
 * what it seems to, and no terminator. strtok, gmtime, localtime: hidden shared state. atoi, atol,
 * atof: no error. alloca: the input chooses the size of the stack frame. Use core/str.h, core/text.h,
 * strtoll with its checks, gmtime_r, and arenas.
 *
 * The system headers that declare them come first: past the pragma the mere name is an error.
 */
#ifndef ASSAY_CORE_BANNED_H
#define ASSAY_CORE_BANNED_H

#include <alloca.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Some are macros, depending on compiler and hardening; a macro is no identifier to poison. */
#undef strcpy
#undef strcat
#undef sprintf
#undef vsprintf
#undef strncpy
#undef strncat
#undef strtok
#undef gets
#undef alloca

#pragma GCC poison strcpy strcat sprintf vsprintf strncpy strncat strtok
#pragma GCC poison atoi atol atof gets alloca gmtime localtime

#endif
