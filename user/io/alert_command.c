// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * alert_command.c: runs the user's command once a message, one at a time: no
 * shell, an environment of its own, the message on standard input (a sealed
 * memory file: it can be read at any pace, and nobody waits), its output to the
 * log, its time limited. Must not know what a message says. Only the process
 * that was started here is ever signalled, by its id, before it is reaped.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "alert_impl.h"

#define LINES_MAX 20 /* of a command's output that are logged */
#define READ_MAX 65536 /* bytes of output taken in one go */
#define TERM_MS 1000 /* between asking it to end and killing it */

static void free_argv(char **argv)
{
	for (char **arg = argv; arg && *arg; arg++)
		free(*arg);
	free(argv);
}

int cp_alert_command_open(struct cp_alert_command *command, const struct cp_alert_config *config, struct cp_err *err)
{
	size_t n = 0;

	command->out_fd = -1;
	command->timeout_ms = config->command_timeout_ms ? config->command_timeout_ms : 10000;
	command->max_waiting = config->command_max_waiting ? config->command_max_waiting : 1000;
	if (!config->command || !config->command[0] || config->command[0][0] != '/')
		return cp_err_set(err, -EINVAL, "alert command: must be an absolute path");
	if (access(config->command[0], X_OK) < 0)
		return cp_err_set(err, -errno, "alert command %s: %s", config->command[0], strerror(errno));
	while (config->command[n])
		n++;
	command->argv = calloc(n + 1, sizeof(char *));
	if (!command->argv)
		return cp_err_set(err, -ENOMEM, "alert command: out of memory");
	for (size_t i = 0; i < n; i++) {
		command->argv[i] = strdup(config->command[i]);
		if (!command->argv[i])
			return cp_err_set(err, -ENOMEM, "alert command: out of memory");
	}
	return 0;
}

void cp_alert_command_close(struct cp_alert_command *command)
{
	if (command->pid) {
		kill(command->pid, SIGKILL);
		while (waitpid(command->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (command->out_fd >= 0)
		close(command->out_fd);
	for (size_t i = 0; i < command->n_waiting; i++)
		free(command->waiting[i].text);
	free(command->waiting);
	free_argv(command->argv);
}

int cp_alert_command_send(struct cp_alert_command *command, const char *input, size_t len)
{
	struct cp_alert_input *waiting;
	char *text;

	if (command->n_waiting >= command->max_waiting) {
		if (command->stats->n_commands_dropped++ == 0)
			cp_alert_say(&command->logger,
			        "alert command %s: too many messages wait; further ones are dropped", command->argv[0]);
		return 0;
	}
	if (command->n_waiting == command->cap) {
		waiting = reallocarray(command->waiting, command->cap + 64, sizeof(waiting[0]));
		if (!waiting)
			return -ENOMEM;
		command->waiting = waiting;
		command->cap += 64;
	}
	text = malloc(len + 1);
	if (!text)
		return -ENOMEM;
	memcpy(text, input, len);
	command->waiting[command->n_waiting++] = (struct cp_alert_input){.text = text, .len = len};
	return 0;
}

/* ---- Start ---- */

/* A file in memory with the message, at its beginning, that nobody can change. -errno. */
static int input_fd(const struct cp_alert_input *input)
{
	int fd = memfd_create("coldpotato-alert", MFD_CLOEXEC | MFD_ALLOW_SEALING), rc;
	size_t done = 0;

	if (fd < 0)
		return -errno;
	while (done < input->len) {
		ssize_t n = pwrite(fd, input->text + done, input->len - done, (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			rc = -errno;
			close(fd);
			return rc;
		}
		done += (size_t)n;
	}
	fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
	return fd;
}

/* Default signals, none blocked, only the three descriptors, an environment that says nothing of ours. */
static int spawn(const struct cp_alert_command *command, int in_fd, int out_fd, pid_t *ret_pid)
{
	char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", lang[] = "LANG=C.UTF-8";
	char *const env[] = {path, lang, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t all, none;
	int rc;

	sigfillset(&all);
	sigemptyset(&none);
	if (posix_spawn_file_actions_init(&actions) != 0)
		return -ENOMEM;
	if (posix_spawnattr_init(&attr) != 0) {
		posix_spawn_file_actions_destroy(&actions);
		return -ENOMEM;
	}
	rc = posix_spawn_file_actions_adddup2(&actions, in_fd, STDIN_FILENO);
	rc = rc ? rc : posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
	rc = rc ? rc : posix_spawn_file_actions_adddup2(&actions, out_fd, STDERR_FILENO);
	rc = rc ? rc : posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
	rc = rc ? rc : posix_spawnattr_setsigdefault(&attr, &all);
	rc = rc ? rc : posix_spawnattr_setsigmask(&attr, &none);
	rc = rc ? rc : posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	rc = rc ? rc : posix_spawn(ret_pid, command->argv[0], &actions, &attr, command->argv, env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return -rc;
}

static int start_with(struct cp_alert_command *command, const struct cp_alert_input *input)
{
	int in_fd = input_fd(input), fds[2], rc;

	if (in_fd < 0)
		return in_fd;
	if (pipe2(fds, O_CLOEXEC) < 0) {
		rc = -errno;
		close(in_fd);
		return rc;
	}
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	rc = spawn(command, in_fd, fds[1], &command->pid);
	close(in_fd);
	close(fds[1]);
	if (rc < 0) {
		command->pid = 0;
		close(fds[0]);
		return rc;
	}
	command->out_fd = fds[0];
	return 0;
}

static void start(struct cp_alert_command *command)
{
	struct cp_alert_input input = command->waiting[0];
	int rc;

	command->n_waiting--;
	memmove(command->waiting, command->waiting + 1, command->n_waiting * sizeof(input));
	command->started_ns = cp_alert_mono_ns();
	command->is_terminated = false;
	command->n_line = command->n_lines = 0;
	rc = start_with(command, &input);
	free(input.text);
	command->stats->n_commands++;
	if (rc < 0) {
		command->stats->n_commands_failed++;
		cp_alert_say(
		        &command->logger, "alert command %s: cannot be started: %s", command->argv[0], strerror(-rc));
	}
}

/* ---- While it runs ---- */

static void log_line(struct cp_alert_command *command)
{
	if (command->n_line && command->n_lines++ < LINES_MAX)
		cp_alert_say(&command->logger, "alert command %s: says: %.*s", command->argv[0], (int)command->n_line,
		        command->line);
	command->n_line = 0;
}

static void take_output(struct cp_alert_command *command)
{
	char buf[4096];

	for (size_t total = 0; command->out_fd >= 0 && total < READ_MAX;) {
		ssize_t n = read(command->out_fd, buf, sizeof(buf));

		if (n < 0 && errno != EINTR)
			return;
		if (n == 0) {
			close(command->out_fd);
			command->out_fd = -1;
		}
		for (ssize_t i = 0; i < n; i++) {
			if (buf[i] == '\n')
				log_line(command);
			else if (command->n_line < sizeof(command->line))
				command->line[command->n_line++] = buf[i];
		}
		total += n > 0 ? (size_t)n : 0;
	}
}

static void limit_time(struct cp_alert_command *command)
{
	uint64_t ran_ms = (cp_alert_mono_ns() - command->started_ns) / CP_ALERT_NS_MS;

	if (!command->is_terminated && ran_ms >= command->timeout_ms) {
		command->is_terminated = true;
		command->stats->n_commands_killed++;
		cp_alert_say(&command->logger, "alert command %s: took more than %u ms and is ended", command->argv[0],
		        command->timeout_ms);
		kill(command->pid, SIGTERM);
	}
	if (command->is_terminated && ran_ms >= (uint64_t)command->timeout_ms + TERM_MS)
		kill(command->pid, SIGKILL);
}

static void reap(struct cp_alert_command *command)
{
	int status;
	pid_t pid = waitpid(command->pid, &status, WNOHANG);

	if (pid == 0 || (pid < 0 && errno == EINTR))
		return;
	take_output(command); /* what it left; others that hold the pipe are not waited for */
	log_line(command);
	if (command->out_fd >= 0)
		close(command->out_fd);
	command->out_fd = -1;
	command->pid = 0;
	if (pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	command->stats->n_commands_failed++;
	if (pid > 0 && WIFEXITED(status))
		cp_alert_say(
		        &command->logger, "alert command %s: exit status %d", command->argv[0], WEXITSTATUS(status));
	else if (pid > 0 && !command->is_terminated)
		cp_alert_say(
		        &command->logger, "alert command %s: ended by signal %d", command->argv[0], WTERMSIG(status));
}

void cp_alert_command_tick(struct cp_alert_command *command)
{
	if (!command->pid && command->n_waiting)
		start(command);
	if (!command->pid)
		return;
	take_output(command);
	limit_time(command);
	reap(command);
}
