// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * api_pool.c: connections to the store that are kept between requests. Knows
 * no question.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "api.h"

void cp_api_pool_init(struct cp_api_pool *pool, const char *path)
{
	*pool = (struct cp_api_pool){.path = path};
	pthread_mutex_init(&pool->lock, NULL); /* of the default kind, which cannot fail */
}

void cp_api_pool_free(struct cp_api_pool *pool)
{
	for (size_t i = 0; i < CP_API_POOL; i++)
		cp_store_close(pool->idle[i].store);
	pthread_mutex_destroy(&pool->lock);
}

/* One that is open to this very file; those to others are closed on the way. */
static struct cp_store *pick(struct cp_api_pool *pool, const struct cp_api_lease *lease)
{
	struct cp_store *found = NULL;

	pthread_mutex_lock(&pool->lock);
	for (size_t i = 0; i < CP_API_POOL; i++) {
		struct cp_store *store = pool->idle[i].store;
		bool is_it = pool->idle[i].device == lease->device && pool->idle[i].inode == lease->inode;

		if (!store || (is_it && found))
			continue;
		if (is_it)
			found = store;
		else
			cp_store_close(store);
		pool->idle[i].store = NULL;
	}
	pthread_mutex_unlock(&pool->lock);
	return found;
}

/* Who asks by HTTP need not know where on this host the file is. */
static int without_directory(const char *path, const char *text, int rc, struct cp_err *err)
{
	const char *base = strrchr(path, '/'), *at = strstr(text, path);

	if (!base || !at)
		return cp_err_set(err, rc, "%s", text);
	return cp_err_set(err, rc, "%.*s%s%s", (int)(at - text), text, base + 1, at + strlen(path));
}

bool cp_api_pool_is_current(const struct cp_api_pool *pool, const struct cp_api_lease *lease)
{
	struct stat st;

	return stat(pool->path, &st) == 0 && st.st_dev == lease->device && st.st_ino == lease->inode;
}

int cp_api_pool_take(struct cp_api_pool *pool, struct cp_api_lease *ret_lease, struct cp_err *err)
{
	struct cp_api_lease lease = {.store = NULL};
	struct cp_err why = {.text = ""};
	struct stat st;
	int rc = 0;

	if (stat(pool->path, &st) == 0) {
		lease.device = st.st_dev;
		lease.inode = st.st_ino;
	}
	lease.store = pick(pool, &lease);
	if (!lease.store)
		rc = cp_store_open(pool->path, CP_STORE_READ, &lease.store, &why);
	if (rc)
		return without_directory(pool->path, why.text, rc, err);
	*ret_lease = lease;
	return 0;
}

void cp_api_pool_give(struct cp_api_pool *pool, const struct cp_api_lease *lease, bool is_sound)
{
	struct cp_store *store = lease->store;

	pthread_mutex_lock(&pool->lock);
	for (size_t i = 0; i < CP_API_POOL && is_sound && store; i++) {
		if (pool->idle[i].store)
			continue;
		pool->idle[i].store = store;
		pool->idle[i].device = lease->device;
		pool->idle[i].inode = lease->inode;
		store = NULL;
	}
	pthread_mutex_unlock(&pool->lock);
	cp_store_close(store);
}
