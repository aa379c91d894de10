# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# coldpotato. `make help` lists the targets; V=1 shows the commands.

VERSION := $(shell sed -n 's/^\#define CP_VERSION "\(.*\)"/\1/p' user/version.h)
PREFIX ?= /usr/local
B := build
CC ?= gcc
CLANG ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /usr/local/sbin/bpftool) bpftool)
PKG_CONFIG ?= pkg-config
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' "$(1)" "$(2)")

WARN := -Wall -Wextra -Werror -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes -Wmissing-prototypes
CPPFLAGS += -D_GNU_SOURCE -Iinclude -Iuser -I$(B)/gen -DCP_WEB_DIR='"$(B)/web"'
CFLAGS_BASE := -std=gnu17 -g $(WARN) -MMD -MP -pthread
HARDEN := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE -fstack-clash-protection
CFLAGS ?= -O2
LDFLAGS += -pie -Wl,-z,relro,-z,now
SAN := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
BPF_CFLAGS := -std=gnu17 -O2 -g -Wall -Wextra -Werror -Wshadow -target bpf -mcpu=v3 -Iinclude -idirafter /usr/include/$(shell $(CC) -dumpmachine | sed 's/-[^-]*-linux/-linux/')

PURE_LIBS := $(shell $(PKG_CONFIG) --libs jansson libcyaml yaml-0.1 libmaxminddb 2>/dev/null) -lz
IO_LIBS := $(shell $(PKG_CONFIG) --libs libbpf libcares libmnl libcurl libmicrohttpd sqlite3 2>/dev/null) -lelf -lz
TERM_LIBS := $(shell $(PKG_CONFIG) --libs ncursesw 2>/dev/null)
TEST_LIBS := $(shell $(PKG_CONFIG) --libs cmocka 2>/dev/null)

PURE_SRC := $(wildcard user/core/*.c user/format/*.c user/import/*.c)
EFFECT_SRC := $(wildcard user/io/*.c)
OPTS_SRC := $(wildcard user/opts*.c)
CMD_SRC := user/main.c $(OPTS_SRC) $(wildcard user/cmd/*.c)
SKELS := $(patsubst bpf/%.bpf.c,$(B)/gen/%.skel.h,$(wildcard bpf/*.bpf.c))
BENCH_SKELS := $(patsubst tests/bench/%.bpf.c,$(B)/gen/%.skel.h,$(wildcard tests/bench/*.bpf.c))
LAB_BPF := $(patsubst tests/lab/%.bpf.c,$(B)/lab/%.bpf.o,$(wildcard tests/lab/*.bpf.c))
LAB_BIN := $(patsubst tests/lab/%.c,$(B)/lab/%,$(filter-out %.bpf.c %_test.c,$(wildcard tests/lab/*.c)))
WEB_BIN := $(patsubst tests/web/%.c,$(B)/web/%,$(wildcard tests/web/*.c))
UNITS := $(wildcard packaging/*.service packaging/*.timer)
UNIT := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
BPF_TESTS := $(patsubst tests/bpf/%.c,$(B)/bpf/%,$(wildcard tests/bpf/test_*.c))
FUZZ := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
BENCH := $(patsubst tests/bench/%.c,$(B)/bench/%,$(wildcard tests/bench/bench_*.c))

PURE_OBJ := $(PURE_SRC:%.c=$(B)/%.o)
PURE_OBJ_SAN := $(PURE_SRC:%.c=$(B)/san/%.o)
EFFECT_OBJ := $(EFFECT_SRC:%.c=$(B)/%.o)
CMD_OBJ := $(CMD_SRC:%.c=$(B)/%.o)

.PHONY: again all check test-unit test-fuzz test-bpf test-lab test-qemu bench fuzz lint format install clean help tests
.DELETE_ON_ERROR:
.SECONDARY:

all: $(B)/coldpotato ## build the program

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  %-10s %s\n",$$1,$$2}' Makefile

$(B)/coldpotato: $(CMD_OBJ) $(EFFECT_OBJ) $(B)/libcp.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -pthread -o $@ $^ $(IO_LIBS) $(PURE_LIBS) $(TERM_LIBS)

$(B)/libcp.a: $(PURE_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(B)/san/libcp.a: $(PURE_OBJ_SAN)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(B)/%.o: %.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(CFLAGS_BASE) $(CFLAGS) $(HARDEN) -c -o $@ $<

$(B)/san/%.o: %.c
	$(call say,CC san,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(CFLAGS_BASE) $(SAN) -c -o $@ $<

# The shipped lists are embedded by user/core/builtin.c.
$(B)/user/core/builtin.o $(B)/san/user/core/builtin.o: $(wildcard data/*.csv)

# Router names need the site codes as strings. No field of that list is quoted (tests/unit/test_builtin.c).
$(B)/gen/msn_sites.h: data/msn-site-codes.csv
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D) && awk -F, 'NR > 1 {printf "{\"%s\", \"%s\", \"%s\"},\n", $$1, $$2, $$3}' $< > $@
$(B)/user/core/router_name.o $(B)/san/user/core/router_name.o: $(B)/gen/msn_sites.h
# The report's own files, and what it draws with, are embedded by user/format/html_asset.c.
$(B)/user/format/html_asset.o $(B)/san/user/format/html_asset.o: $(wildcard web/report/*.css web/dashboard/theme.css web/report/report.js) $(B)/web/echarts.js

# Every file of the dashboard is embedded by user/cmd/serve_asset.c, which is given the list.
DASHBOARD := $(sort $(wildcard web/dashboard/*.*))
$(B)/gen/dashboard_files.h: again
	$(Q)mkdir -p $(@D) && printf '%s\n' $(DASHBOARD) | awk -F/ 'NF {printf "CP_ASSET(%d, \"%s\", \"%s\")\n", NR, $$NF, $$0}' > $@.new
	$(Q)cmp -s $@.new $@ && rm $@.new || mv $@.new $@
$(B)/user/cmd/serve_asset.o: $(B)/gen/dashboard_files.h $(DASHBOARD)
# Without npm an empty file stands for ECharts, and each build tries again.
$(B)/web/echarts.js: $(wildcard web/report/*.json web/report/*.mjs) scripts/fetch-echarts \
		$(if $(wildcard $(B)/web/echarts.js),$(shell test -s $(B)/web/echarts.js || echo again))
	$(call say,FETCH,$@)
	$(Q)scripts/fetch-echarts $(@D)

# Only the engine may include a skeleton.
$(B)/user/io/engine.o: $(SKELS)

$(B)/bpf/%.bpf.o: bpf/%.bpf.c $(wildcard bpf/*.h include/*.h)
	$(call say,BPF,$<)
	$(Q)mkdir -p $(@D) && $(CLANG) $(BPF_CFLAGS) -c -o $@ $<

$(B)/gen/%.skel.h: $(B)/bpf/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)mkdir -p $(@D) && $(BPFTOOL) gen skeleton $< name $* > $@

# Tests. Unit tests and fuzz targets link nothing but the pure library, so that an upward call fails to link.
$(B)/unit/%: tests/unit/%.c $(B)/libcp.a
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(CFLAGS_BASE) $(CFLAGS) $(HARDEN) $(LDFLAGS) -o $@ $(filter %.c %.o,$^) $(B)/libcp.a $(PURE_LIBS) $(TEST_LIBS)

$(B)/san/unit/%: tests/unit/%.c $(B)/san/libcp.a
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(CFLAGS_BASE) $(SAN) -o $@ $(filter %.c %.o,$^) $(B)/san/libcp.a $(PURE_LIBS) $(TEST_LIBS)

# What other programs read and look at: see tests/web.
$(B)/web/%: tests/web/%.c $(B)/libcp.a
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(CFLAGS_BASE) $(CFLAGS) $(HARDEN) $(LDFLAGS) -o $@ $< $(B)/libcp.a $(PURE_LIBS) $(TEST_LIBS)

# The option table is tested like the pure parts, though it is not one of them.
$(B)/unit/test_opts $(B)/unit/test_opts_commands: $(OPTS_SRC:%.c=$(B)/%.o)
$(B)/san/unit/test_opts $(B)/san/unit/test_opts_commands: $(OPTS_SRC:%.c=$(B)/san/%.o)

# So are the readers of AS data files, which hold what parses an MMDB.
ASFILE_SRC := $(wildcard user/io/asfile*.c)
$(B)/unit/test_asfile: $(ASFILE_SRC:%.c=$(B)/%.o)
$(B)/san/unit/test_asfile: $(ASFILE_SRC:%.c=$(B)/san/%.o)
$(B)/fuzz/fuzz_mmdb: $(ASFILE_SRC:%.c=$(B)/san/%.o)
$(B)/libfuzzer/fuzz_mmdb: $(ASFILE_SRC)

$(B)/bpf/test_%: tests/bpf/test_%.c $(SKELS) $(B)/libcp.a
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(CFLAGS_BASE) $(CFLAGS) $(LDFLAGS) -o $@ $< $(B)/libcp.a $(IO_LIBS) $(PURE_LIBS) $(TEST_LIBS)

$(B)/lab/%.bpf.o: tests/lab/%.bpf.c $(wildcard include/*.h tests/lab/*.h)
	$(call say,BPF,$<)
	$(Q)mkdir -p $(@D) && $(CLANG) $(BPF_CFLAGS) -c -o $@ $<

# A store for tests is made by what writes any other.
$(B)/lab/make_store: $(patsubst %.c,$(B)/%.o,$(wildcard user/io/store*.c))
$(B)/lab/%: tests/lab/%.c $(B)/libcp.a
	$(call say,LAB,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(CFLAGS_BASE) $(CFLAGS) $(LDFLAGS) -o $@ $< $(filter %.o,$^) $(B)/libcp.a $(IO_LIBS) $(PURE_LIBS)

$(B)/bpf/%.bpf.o: tests/bench/%.bpf.c
	$(call say,BPF,$<)
	$(Q)mkdir -p $(@D) && $(CLANG) $(BPF_CFLAGS) -c -o $@ $<

$(B)/bench/%: tests/bench/%.c $(EFFECT_OBJ) $(B)/libcp.a $(BENCH_SKELS)
	$(call say,BENCH,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(CFLAGS_BASE) $(CFLAGS) $(LDFLAGS) -o $@ $< $(EFFECT_OBJ) $(B)/libcp.a $(IO_LIBS) $(PURE_LIBS)

# Replays a corpus file by file; the same source is the libFuzzer target under `make fuzz`.
$(B)/fuzz/%: tests/fuzz/%.c tests/fuzz/replay.c $(B)/san/libcp.a
	$(call say,FUZZ,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(CFLAGS_BASE) $(SAN) -o $@ $< tests/fuzz/replay.c $(filter %.o,$^) $(B)/san/libcp.a $(PURE_LIBS)

$(B)/libfuzzer/%: tests/fuzz/%.c $(PURE_SRC) $(B)/gen/msn_sites.h $(B)/web/echarts.js
	$(call say,FUZZ,$@)
	$(Q)mkdir -p $(@D) && $(CLANG) $(CPPFLAGS) -std=gnu17 -g -O1 -fsanitize=fuzzer,address,undefined -o $@ $(filter %.c,$^) $(PURE_LIBS)

tests: $(UNIT:%=$(B)/unit/%) $(UNIT:%=$(B)/san/unit/%) $(FUZZ:%=$(B)/fuzz/%) $(BPF_TESTS) $(LAB_BPF) $(LAB_BIN) $(WEB_BIN) $(BENCH) all

check: tests ## build and pass all tests
	$(Q)B=$(B) scripts/run-tests unit fuzz bpf lab qemu

test-unit: tests ## unit tests only
	$(Q)B=$(B) scripts/run-tests unit
test-fuzz: tests ## replay the fuzz corpora
	$(Q)B=$(B) scripts/run-tests fuzz
test-bpf: tests ## BPF programs under BPF_PROG_RUN (root)
	$(Q)B=$(B) scripts/run-tests bpf
test-lab: tests ## the program against network namespaces (root)
	$(Q)B=$(B) scripts/run-tests lab
test-qemu: tests ## the program on Debian's kernels, in emulated guests
	$(Q)B=$(B) scripts/run-tests qemu

bench: all tests $(BENCH) ## measure; writes docs/benchmarks.md and README.md's summary (root)
	$(Q)BUILD=$(B) tests/bench/run $(if $(QUICK),--quick)

fuzz: $(FUZZ:%=$(B)/libfuzzer/%) ## run each libFuzzer target for FUZZ_SECONDS (default 60)
	$(Q)for t in $(FUZZ); do $(B)/libfuzzer/$$t -max_total_time=$${FUZZ_SECONDS:-60} -artifact_prefix=$(B)/ $(B)/ tests/fuzz/corpus/$$t || exit 1; done

lint: all ## formatting, static analysis, layering, shell
	$(Q)B=$(B) scripts/lint

format: ## apply clang-format
	$(Q)clang-format -i $$(git ls-files -co --exclude-standard '*.c' '*.h')

install: all ## install below PREFIX (default /usr/local)
	install -D -m 0755 $(B)/coldpotato $(DESTDIR)$(PREFIX)/sbin/coldpotato
	install -D -m 0644 man/coldpotato.8 $(DESTDIR)$(PREFIX)/share/man/man8/coldpotato.8
	install -D -m 0644 man/completion.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/coldpotato
	install -D -m 0644 packaging/watch.yaml $(DESTDIR)$(PREFIX)/share/doc/coldpotato/examples/watch.yaml
	for unit in $(notdir $(UNITS)); do \
		install -d $(DESTDIR)$(PREFIX)/lib/systemd/system && \
		sed 's#@PREFIX@#$(PREFIX)#' packaging/$$unit >$(DESTDIR)$(PREFIX)/lib/systemd/system/$$unit || exit 1; \
	done

clean: ## remove everything built
	rm -rf $(B)

-include $(shell find $(B) -name '*.d' 2>/dev/null)
