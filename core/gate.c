#include "core/gate.h"

#include "core/err.h"

void gate_init(struct gate *g, unsigned places, size_t small)
{
	pthread_mutex_init(&g->mutex, NULL);
	pthread_cond_init(&g->left, NULL);
	g->room = places;
	g->small = small;
}

void gate_done(struct gate *g)
{
	pthread_cond_destroy(&g->left);
	pthread_mutex_destroy(&g->mutex);
}

static void lock(struct gate *g)
{
	if (pthread_mutex_lock(&g->mutex) != 0)
		BUG("gate: mutex cannot be locked");
}

static void unlock(struct gate *g)
{
	if (pthread_mutex_unlock(&g->mutex) != 0)
		BUG("gate: mutex cannot be unlocked");
}

void gate_enter(struct gate *g, size_t bytes)
{
	if (!g || bytes <= g->small)
		return;
	lock(g);
	while (g->room == 0)
		pthread_cond_wait(&g->left, &g->mutex);
	g->room--;
	unlock(g);
}

void gate_leave(struct gate *g, size_t bytes)
{
	if (!g || bytes <= g->small)
		return;
	lock(g);
	g->room++;
	pthread_cond_signal(&g->left);
	unlock(g);
}
