/* The process_* values, from /proc/self. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/file.h"
#include "webhook/metrics_state.h"

/* Field `want` (1-based, as proc(5) counts them) of /proc/self/stat; the command, which may hold
 * blanks, ends at the last ')'. */
static uint64_t stat_field(struct str stat, unsigned want)
{
	uint64_t value = 0;
	struct str rest = str_sub(stat, str_rfind(stat, ')') + 2, stat.n);
	for (unsigned field = 3; rest.n > 0; field++) {
		struct str word = rest;
		struct str tail = {0};
		if (str_cut(rest, ' ', &word, &tail))
			rest = tail;
		else
			rest = (struct str){0};
		if (field == want)
			return str_to_u64(word, &value) ? value : 0;
	}
	return 0;
}

static uint64_t boot_time(struct arena *a)
{
	struct str text;
	uint64_t value = 0;
	if (file_read(a, "/proc/stat", 1u << 20, &text, NULL) < 0)
		return 0;
	while (text.n > 0) {
		struct str line = text;
		struct str rest = {0};
		if (!str_cut(text, '\n', &line, &rest))
			rest = (struct str){0};
		if (str_starts(line, S("btime ")) && str_to_u64(str_sub(line, 6, line.n), &value))
			return value;
		text = rest;
	}
	return 0;
}

static uint64_t count_fds(void)
{
	uint64_t n = 0;
	DIR *dir = opendir("/proc/self/fd");
	if (!dir)
		return 0;
	for (const struct dirent *d = readdir(dir); d; d = readdir(dir))
		n += d->d_name[0] != '.';
	closedir(dir);
	return n > 0 ? n - 1 : 0; /* the folder's own */
}

void metrics_process_read(struct metrics_process *out)
{
	*out = (struct metrics_process){0};
	struct rlimit limit = {0};
	struct str stat = {0};
	CLEANUP(arena_cleanup) struct arena *a = arena_new(4u << 20);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		out->max_fds = (uint64_t)limit.rlim_cur;
	out->open_fds = count_fds();
	if (!a || file_read(a, "/proc/self/stat", 4096, &stat, NULL) < 0 ||
	    str_rfind(stat, ')') == SIZE_MAX)
		return;
	double ticks = (double)sysconf(_SC_CLK_TCK);
	stat = str_trim(stat);
	out->cpu_s = (double)(stat_field(stat, 14) + stat_field(stat, 15)) / ticks;
	out->start_s = (double)boot_time(a) + (double)stat_field(stat, 22) / ticks;
	out->virtual_ = stat_field(stat, 23);
	out->resident = stat_field(stat, 24) * (uint64_t)sysconf(_SC_PAGESIZE);
}
