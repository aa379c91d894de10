// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * bench_run.c: runs a command and writes what it took, as "name value" lines;
 * the same measure for every program, ours or not. Must not know what it runs.
 *
 *   bench_run FILE SECONDS COMMAND...      SIGTERM after so many seconds, SIGKILL five later
 *
 * wall_s, cpu_s (user and system, of all processes that were waited for), rss_mib (of the largest), maps_mib (what
 * the kernel accounts to the BPF maps and programs that the command itself holds open); and over the time in which
 * this namespace's eth0 sent: packets, link_s, pps, link_cpu_pct (CPU time of the command itself in per cent of one
 * core).
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TICK_NS 5000000
#define NSEC_PER_SEC 1000000000ull
#define KILL_AFTER_NS (5 * NSEC_PER_SEC)
#define MAPS_EVERY 64 /* ticks; a table does not change its size */

struct sample {
	uint64_t ns, cpu_ns, packets;
};

struct run {
	pid_t pid;
	clockid_t cpu_clock;
	uint64_t limit_ns, maps_bytes, n_ticks;
	struct sample start, last, first_sent, last_sent; /* first_sent: the last one before the link moved */
	struct rusage usage;
	int status;
	bool timed_out;
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts = {0};

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

/* Frames that eth0 has sent; those of XDP are among them. */
static uint64_t link_packets(void)
{
	FILE *file = fopen("/proc/self/net/dev", "r");
	unsigned long long packets = 0;
	char line[512];

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, " eth0: %*u %*u %*u %*u %*u %*u %*u %*u %*u %llu", &packets) == 1)
			break;
	}
	if (file)
		fclose(file);
	return packets;
}

static uint64_t memlock_bytes(pid_t pid)
{
	unsigned long long bytes, sum = 0;
	char path[384], line[128];
	struct dirent *entry;
	FILE *file;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%d/fdinfo/%s", pid, entry->d_name);
		file = fopen(path, "r");
		while (file && fgets(line, sizeof(line), file)) {
			if (sscanf(line, "memlock: %llu", &bytes) == 1)
				sum += bytes;
		}
		if (file)
			fclose(file);
	}
	if (dir)
		closedir(dir);
	return sum;
}

static void look(struct run *run)
{
	struct sample now = {clock_ns(CLOCK_MONOTONIC), clock_ns(run->cpu_clock), link_packets()};

	if (now.packets > run->last.packets) {
		if (!run->last_sent.ns)
			run->first_sent = run->last;
		run->last_sent = now;
	}
	run->last = now;
	if (run->maps_bytes == 0 || run->n_ticks++ % MAPS_EVERY == 0) {
		uint64_t bytes = memlock_bytes(run->pid);

		run->maps_bytes = bytes > run->maps_bytes ? bytes : run->maps_bytes;
	}
}

/* The command leads a group of its own, so that what it starts ends with it. */
static void watch(struct run *run)
{
	const struct timespec tick = {.tv_nsec = TICK_NS};

	while (wait4(run->pid, &run->status, WNOHANG, &run->usage) == 0) {
		uint64_t ran_ns;

		look(run);
		ran_ns = run->last.ns - run->start.ns;
		if (ran_ns > run->limit_ns + KILL_AFTER_NS)
			kill(-run->pid, SIGKILL);
		else if (ran_ns > run->limit_ns && !run->timed_out)
			run->timed_out = kill(-run->pid, SIGTERM) == 0;
		nanosleep(&tick, NULL);
	}
	run->last.ns = clock_ns(CLOCK_MONOTONIC);
}

static int start(struct run *run, char **command)
{
	run->start = (struct sample){.ns = clock_ns(CLOCK_MONOTONIC), .packets = link_packets()};
	run->last = run->start;
	run->pid = fork();
	if (run->pid < 0)
		return -errno;
	if (run->pid == 0) {
		setpgid(0, 0);
		execvp(command[0], command);
		_exit(127);
	}
	setpgid(run->pid, run->pid);
	return -clock_getcpuclockid(run->pid, &run->cpu_clock);
}

static double seconds(const struct timeval *tv)
{
	return (double)tv->tv_sec + (double)tv->tv_usec / 1e6;
}

static void print(const struct run *run, FILE *out)
{
	uint64_t link_ns = run->last_sent.ns - run->first_sent.ns;
	double link_s = (double)link_ns / 1e9, packets = (double)(run->last_sent.packets - run->first_sent.packets);

	fprintf(out, "wall_s %.3f\n", (double)(run->last.ns - run->start.ns) / 1e9);
	fprintf(out, "cpu_s %.3f\n", seconds(&run->usage.ru_utime) + seconds(&run->usage.ru_stime));
	fprintf(out, "rss_mib %.0f\n", (double)run->usage.ru_maxrss / 1024);
	fprintf(out, "maps_mib %.0f\n", (double)run->maps_bytes / (1 << 20));
	fprintf(out, "timed_out %d\n", run->timed_out);
	fprintf(out, "packets %.0f\n", packets);
	fprintf(out, "link_s %.3f\n", link_s);
	fprintf(out, "pps %.0f\n", link_ns ? packets / link_s : 0);
	fprintf(out, "link_cpu_pct %.1f\n",
	        link_ns ? 100 * (double)(run->last_sent.cpu_ns - run->first_sent.cpu_ns) / (double)link_ns : 0);
}

int main(int argc, char **argv)
{
	struct run run = {0};
	FILE *out;
	int rc;

	if (argc < 4) {
		fprintf(stderr, "usage: bench_run FILE SECONDS COMMAND...\n");
		return 2;
	}
	run.limit_ns = strtoull(argv[2], NULL, 10) * NSEC_PER_SEC;
	out = fopen(argv[1], "w");
	rc = out ? start(&run, argv + 3) : -errno;
	if (rc) {
		fprintf(stderr, "bench_run: %s\n", strerror(-rc));
		return 1;
	}
	watch(&run);
	print(&run, out);
	fclose(out);
	return WIFEXITED(run.status) ? WEXITSTATUS(run.status) : 128 + WTERMSIG(run.status);
}
