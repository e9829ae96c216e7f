/*
 * The floor: the product's own server, its TLS and its body handling, answering a constant.
 *   floor PORT CERT KEY POLICY
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"
#include "webhook/limits.h"
#include "webhook/server.h"

int main(int argc, char **argv)
{
	char listen[32];
	struct problems problems;
	struct server_errors errors;
	sigset_t set;
	int sig;

	if (argc != 5) {
		fprintf(stderr, "usage: floor PORT CERT KEY POLICY\n");
		return 2;
	}
	snprintf(listen, sizeof listen, "127.0.0.1:%s", argv[1]);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	struct arena *a = arena_new(8u << 20);
	problems_init(&problems, a);
	const char *policies[] = {argv[4]};
	struct server_config config = {
		.policy_paths = policies,
		.n_policy_paths = 1,
		.tls_cert = argv[2],
		.tls_key = argv[3],
		.listen = listen,
		.metrics_listen = "127.0.0.1:0",
		.docs_url = "https://docs.example",
		.contact = "",
		.threads = 1,
		.max_body_bytes = LIMIT_BODY_BYTES,
		.max_in_flight = LIMIT_IN_FLIGHT,
		.max_connections = LIMIT_CONNECTIONS,
		.clock = clock_system,
		.version = "floor",
		.revision = "floor",
		.constant_answer = true,
	};
	struct server *s = server_start(&config, &problems, &errors);
	if (!s) {
		fprintf(stderr, "floor: %s\n", errors.items[0].text);
		return 2;
	}
	sigwait(&set, &sig);
	server_free(s);
	arena_free(a);
	return 0;
}
