// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * bench_run.c: runs a command and writes what it took, as "name value" lines;
 * the same measure for every program, ours or not. Must not know what it runs.
 *
 *   bench_run FILE SECONDS COMMAND...      SIGTERM after so many seconds, SIGKILL five later
 *
 * wall_s, cpu_s (user and system, of all processes that were waited for), rss_mib (of the largest, without its view of
 * BPF maps), maps_mib (what the kernel accounts to the BPF maps and programs that the command itself holds open),
 * packets (that this namespace's eth0 sent); and over the time in which the middle nine tenths of these left: link_s,
 * pps, link_cpu_pct (CPU time of the command itself, in per cent of one core). With FAR_PROGRAM in the environment,
 * far_s: how long BPF programs of that name ran meanwhile, which the kernel then counts.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
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

#include <bpf/bpf.h>

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
	uint64_t limit_ns, maps_bytes, viewed_kib;
	struct sample *samples; /* one a tick, as far as there is room */
	size_t n_samples, room;
	uint64_t start_ns, end_ns, far_ns;
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

/* Pages of BPF maps that are mapped, and so part of the resident set: some twice, as a ring is, all counted already. */
static uint64_t viewed_kib(pid_t pid)
{
	unsigned long long kib, first, last, sum = 0;
	char path[64], line[512];
	bool is_map = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "Rss: %llu kB", &kib) == 1)
			sum += is_map ? kib : 0;
		else if (sscanf(line, "%llx-%llx ", &first, &last) == 2)
			is_map = strstr(line, "bpf-map") != NULL;
	}
	if (file)
		fclose(file);
	return sum;
}

static void look(struct run *run)
{
	if (run->n_samples < run->room)
		run->samples[run->n_samples++] =
		        (struct sample){clock_ns(CLOCK_MONOTONIC), clock_ns(run->cpu_clock), link_packets()};
	if (run->maps_bytes == 0 || run->n_samples % MAPS_EVERY == 0) {
		uint64_t bytes = memlock_bytes(run->pid), kib = viewed_kib(run->pid);

		run->maps_bytes = bytes > run->maps_bytes ? bytes : run->maps_bytes;
		run->viewed_kib = kib > run->viewed_kib ? kib : run->viewed_kib;
	}
}

/* The command leads a group of its own, so that what it starts ends with it. */
static void watch(struct run *run)
{
	const struct timespec tick = {.tv_nsec = TICK_NS};

	while (wait4(run->pid, &run->status, WNOHANG, &run->usage) == 0) {
		uint64_t ran_ns;

		look(run);
		ran_ns = clock_ns(CLOCK_MONOTONIC) - run->start_ns;
		if (ran_ns > run->limit_ns + KILL_AFTER_NS)
			kill(-run->pid, SIGKILL);
		else if (ran_ns > run->limit_ns && !run->timed_out)
			run->timed_out = kill(-run->pid, SIGTERM) == 0;
		nanosleep(&tick, NULL);
	}
	run->end_ns = clock_ns(CLOCK_MONOTONIC);
}

static int start(struct run *run, char **command)
{
	run->room = (run->limit_ns + KILL_AFTER_NS) / TICK_NS + 1;
	run->samples = calloc(run->room, sizeof(*run->samples));
	if (!run->samples)
		return -ENOMEM;
	run->start_ns = clock_ns(CLOCK_MONOTONIC);
	run->samples[run->n_samples++] = (struct sample){run->start_ns, 0, link_packets()};
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

static uint64_t program_ns(const char *name)
{
	uint64_t ns = 0;
	uint32_t id = 0;

	while (bpf_prog_get_next_id(id, &id) == 0) {
		struct bpf_prog_info info = {0};
		uint32_t len = sizeof(info);
		int fd = bpf_prog_get_fd_by_id(id);

		if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &len) == 0 && strcmp(info.name, name) == 0)
			ns += info.run_time_ns;
		if (fd >= 0)
			close(fd);
	}
	return ns;
}

/* The first sample with so many frames on the link. */
static const struct sample *sample_at(const struct run *run, uint64_t packets)
{
	const struct sample *sample = run->samples;

	while (sample < run->samples + run->n_samples - 1 && sample->packets < packets)
		sample++;
	return sample;
}

static void print(const struct run *run, FILE *out)
{
	uint64_t before = run->samples[0].packets, packets = run->samples[run->n_samples - 1].packets - before;
	const struct sample *first = sample_at(run, before + packets / 20);
	const struct sample *last = sample_at(run, before + packets - packets / 20);
	uint64_t link_ns = last->ns - first->ns;

	fprintf(out, "wall_s %.3f\n", (double)(run->end_ns - run->start_ns) / 1e9);
	fprintf(out, "cpu_s %.3f\n", seconds(&run->usage.ru_utime) + seconds(&run->usage.ru_stime));
	fprintf(out, "rss_mib %.0f\n", ((double)run->usage.ru_maxrss - (double)run->viewed_kib) / 1024);
	fprintf(out, "maps_mib %.0f\n", (double)run->maps_bytes / (1 << 20));
	fprintf(out, "timed_out %d\n", run->timed_out);
	fprintf(out, "packets %" PRIu64 "\n", packets);
	fprintf(out, "far_s %.3f\n", (double)run->far_ns / 1e9);
	fprintf(out, "link_s %.3f\n", (double)link_ns / 1e9);
	fprintf(out, "pps %.0f\n", link_ns ? (double)(last->packets - first->packets) * 1e9 / (double)link_ns : 0);
	fprintf(out, "link_cpu_pct %.1f\n",
	        link_ns ? 100 * (double)(last->cpu_ns - first->cpu_ns) / (double)link_ns : 0);
}

int main(int argc, char **argv)
{
	const char *far = getenv("FAR_PROGRAM");
	struct run run = {0};
	uint64_t far_ns;
	FILE *out;
	int rc;

	if (argc < 4) {
		fprintf(stderr, "usage: bench_run FILE SECONDS COMMAND...\n");
		return 2;
	}
	run.limit_ns = strtoull(argv[2], NULL, 10) * NSEC_PER_SEC;
	out = fopen(argv[1], "w");
	if (far && bpf_enable_stats(BPF_STATS_RUN_TIME) < 0) /* as long as we live */
		perror("bench_run: bpf_enable_stats");
	far_ns = far ? program_ns(far) : 0;
	rc = out ? start(&run, argv + 3) : -errno;
	if (rc) {
		fprintf(stderr, "bench_run: %s\n", strerror(-rc));
		return 1;
	}
	watch(&run);
	run.far_ns = far ? program_ns(far) - far_ns : 0;
	print(&run, out);
	fclose(out);
	free(run.samples);
	return WIFEXITED(run.status) ? WEXITSTATUS(run.status) : 128 + WTERMSIG(run.status);
}
