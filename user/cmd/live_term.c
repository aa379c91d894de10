// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * live_term.c: ncurses. What a crash needs to put the terminal back is gathered
 * beforehand, as a handler may neither allocate nor ask terminfo; it is the one
 * state here that is not in struct cp_term.
 */
#include "live_term.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "audit_impl.h"

#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <term.h>

#define ESCAPE_DELAY_MS 25
#define CRASH_STACK_BYTES 16384u /* a handler may run because the stack is full */
#define CRASH_TRIES 50
#define CRASH_TRY_MS 10

struct cp_term {
	SCREEN *screen;
	bool ascii, color, keeps_hangup;
	struct sigaction before[8]; /* in the order of crash_signals */
};

/* Ways to die of which nobody else takes notice. */
static const int crash_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT, SIGHUP, SIGSYS};
#define N_CRASH_SIGNALS (sizeof(crash_signals) / sizeof(crash_signals[0]))

static struct {
	char text[256]; /* makes the terminal what it was */
	size_t len;
	struct termios termios;
	_Alignas(16) char stack[CRASH_STACK_BYTES];
} crash;

/* ---- Crashes ---- */

/* The functions up to on_crash() call only what signal-safety(7) lists. */

void cp_term_release(bool discard)
{
	/* What Ctrl-S stopped goes on only for who stops it once more. */
	tcflow(STDOUT_FILENO, TCOOFF);
	tcflow(STDOUT_FILENO, TCOON);
	if (discard)
		tcflush(STDOUT_FILENO, TCOFLUSH);
}

/* Without waiting for a terminal that takes nothing. */
static void write_crash_text(void)
{
	int flags = fcntl(STDOUT_FILENO, F_GETFL);

	cp_term_release(false);
	fcntl(STDOUT_FILENO, F_SETFL, flags | O_NONBLOCK);
	for (int i = 0; i < CRASH_TRIES; i++) {
		if (write(STDOUT_FILENO, crash.text, crash.len) >= 0 || errno != EAGAIN)
			break;
		poll(NULL, 0, CRASH_TRY_MS);
	}
	fcntl(STDOUT_FILENO, F_SETFL, flags);
}

static void on_crash(int number)
{
	write_crash_text();
	tcsetattr(STDIN_FILENO, TCSANOW, &crash.termios);
	signal(number, SIG_DFL);
	raise(number);
}

static int keep_char(int c)
{
	if (crash.len < sizeof(crash.text))
		crash.text[crash.len++] = (char)c;
	return c;
}

static void keep_capability(const char *name)
{
	const char *text = tigetstr(name);

	if (text && text != (char *)-1)
		tputs(text, 1, keep_char);
}

static bool is_left_alone(const struct cp_term *term, int number)
{
	return number == SIGHUP && term->keeps_hangup;
}

static void prepare_for_crashes(struct cp_term *term)
{
	static const char *const capabilities[] = {"sgr0", "op", "cnorm", "rmkx", "rmcup"};
	struct sigaction action = {.sa_handler = on_crash, .sa_flags = SA_ONSTACK | SA_NODEFER};
	stack_t stack = {.ss_sp = crash.stack, .ss_size = sizeof(crash.stack)};

	crash.len = 0;
	for (size_t i = 0; i < sizeof(capabilities) / sizeof(capabilities[0]); i++)
		keep_capability(capabilities[i]);
	sigaltstack(&stack, NULL);
	for (size_t i = 0; i < N_CRASH_SIGNALS; i++) {
		if (!is_left_alone(term, crash_signals[i]))
			sigaction(crash_signals[i], &action, &term->before[i]);
	}
	cp_signals_set_last(on_crash);
}

/* ---- Opening ---- */

/* Of a kind that terminfo has, and that can put its cursor anywhere? */
static bool is_known(const char *kind)
{
	const char *move;
	int why;

	if (setupterm(kind, STDOUT_FILENO, &why) == ERR)
		return false;
	move = tigetstr("cup");
	del_curterm(cur_term);
	return move && move != (char *)-1;
}

/* A terminal that does not know its size is as large as its kind says. */
static int check_size(const struct cp_term_config *config, struct cp_err *err)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_row || !size.ws_col)
		return 0;
	if (size.ws_row >= CP_LIVE_ROWS_MIN && size.ws_col >= CP_LIVE_COLUMNS_MIN)
		return 0;
	return cp_err_set(err, -EINVAL, "%s wants a terminal of %ux%u at least; this one is %ux%u", config->option,
	        CP_LIVE_COLUMNS_MIN, CP_LIVE_ROWS_MIN, size.ws_col, size.ws_row);
}

int cp_term_check(const struct cp_term_config *config, struct cp_err *err)
{
	const char *kind = getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return cp_err_set(err, -EINVAL, "%s wants a terminal on standard input and output; %s", config->option,
		        config->instead);
	if (!kind || !*kind)
		return cp_err_set(
		        err, -EINVAL, "%s does not know the kind of terminal: TERM is not set", config->option);
	if (strcmp(kind, "dumb") == 0 || !is_known(kind))
		return cp_err_set(err, -EINVAL,
		        "%s wants a terminal that is known and can move its cursor: TERM is '%.64s'", config->option,
		        kind);
	return check_size(config, err);
}

static void set_colors(struct cp_term *term, bool color)
{
	static const short colors[CP_LIVE_COLORS] = {[CP_LIVE_GREEN] = COLOR_GREEN,
	        [CP_LIVE_CYAN] = COLOR_CYAN,
	        [CP_LIVE_YELLOW] = COLOR_YELLOW,
	        [CP_LIVE_RED] = COLOR_RED,
	        [CP_LIVE_MAGENTA] = COLOR_MAGENTA};

	term->color = color && has_colors() && start_color() == OK;
	if (!term->color)
		return;
	use_default_colors();
	for (int i = CP_LIVE_GREEN; i < CP_LIVE_COLORS; i++)
		init_pair((short)i, colors[i], -1);
}

int cp_term_open(const struct cp_term_config *config, struct cp_term **ret_term, struct cp_err *err)
{
	struct cp_term *term = calloc(1, sizeof(*term));
	const char *kind = getenv("TERM");

	if (!term)
		return cp_err_set(err, -ENOMEM, "out of memory");
	if (!setlocale(LC_CTYPE, ""))
		setlocale(LC_CTYPE, "C");
	term->ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	tcgetattr(STDIN_FILENO, &crash.termios);
	term->screen = newterm(NULL, stdout, stdin);
	if (!term->screen) {
		free(term);
		return cp_err_set(err, -EINVAL, "%s cannot use a terminal of the kind TERM says ('%s')", config->option,
		        kind ? kind : "");
	}
	term->keeps_hangup = config->keeps_hangup;
	prepare_for_crashes(term);
	set_escdelay(ESCAPE_DELAY_MS);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	curs_set(0);
	set_colors(term, config->color);
	*ret_term = term;
	return 0;
}

void cp_term_close(struct cp_term *term)
{
	if (!term)
		return;
	cp_term_release(false);
	endwin();
	delscreen(term->screen);
	cp_signals_set_last(SIG_DFL);
	for (size_t i = 0; i < N_CRASH_SIGNALS; i++) {
		if (!is_left_alone(term, crash_signals[i]))
			sigaction(crash_signals[i], &term->before[i], NULL);
	}
	free(term);
}

/* ---- Use ---- */

bool cp_term_is_gone(void)
{
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};

	return poll(&in, 1, 0) > 0 && (in.revents & (POLLHUP | POLLERR | POLLNVAL));
}

bool cp_term_is_ascii(const struct cp_term *term)
{
	return term->ascii;
}

void cp_term_size(const struct cp_term *term, unsigned *ret_rows, unsigned *ret_width)
{
	int height, width;

	(void)term;
	getmaxyx(stdscr, height, width);
	*ret_rows = height > 0 ? (unsigned)height : 1;
	*ret_width = width > 0 ? (unsigned)width : 1;
}

static attr_t attributes(unsigned attr)
{
	return (attr & CP_LIVE_BOLD ? A_BOLD : 0) | (attr & CP_LIVE_DIM ? A_DIM : 0) |
	       (attr & CP_LIVE_REVERSE ? A_REVERSE : 0);
}

static void show_row(const struct cp_term *term, const struct cp_live_frame *frame, unsigned row)
{
	const struct cp_live_cell *cells = &frame->cells[(size_t)row * frame->n_columns];

	for (unsigned i = 0; i < frame->n_columns; i++) {
		if (!cells[i].text[0])
			continue;
		attr_set(attributes(cells[i].attr), term->color ? cells[i].attr & CP_LIVE_COLOR_MASK : 0, NULL);
		mvaddstr((int)row, (int)i, cells[i].text);
	}
}

void cp_term_show(struct cp_term *term, const struct cp_live_frame *frame)
{
	erase();
	for (unsigned row = 0; row < frame->n_rows; row++)
		show_row(term, frame, row);
	refresh();
}

uint32_t cp_term_key(struct cp_term *term, int timeout_ms)
{
	static const struct {
		int theirs;
		uint32_t ours;
	} keys[] = {
	        {KEY_UP, CP_LIVE_KEY_UP},
	        {KEY_DOWN, CP_LIVE_KEY_DOWN},
	        {KEY_LEFT, CP_LIVE_KEY_LEFT},
	        {KEY_RIGHT, CP_LIVE_KEY_RIGHT},
	        {KEY_PPAGE, CP_LIVE_KEY_PAGE_UP},
	        {KEY_NPAGE, CP_LIVE_KEY_PAGE_DOWN},
	        {KEY_HOME, CP_LIVE_KEY_HOME},
	        {KEY_END, CP_LIVE_KEY_END},
	        {KEY_BTAB, CP_LIVE_KEY_BACK_TAB},
	        {KEY_BACKSPACE, CP_LIVE_KEY_BACKSPACE},
	        {'\b', CP_LIVE_KEY_BACKSPACE},
	        {127, CP_LIVE_KEY_BACKSPACE},
	        {KEY_ENTER, CP_LIVE_KEY_ENTER},
	        {'\r', CP_LIVE_KEY_ENTER},
	};
	int key;

	(void)term;
	timeout(timeout_ms);
	key = getch();
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (keys[i].theirs == key)
			return keys[i].ours;
	}
	return key > 0 && key < 256 ? (uint32_t)key : CP_LIVE_KEY_NONE;
}
