// The program of Pods that only have to be there: waits until it is told to go, and reaps orphans.

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void leave(int number)
{
	(void)number;
	_exit(0);
}

static void reap(int number)
{
	(void)number;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

int main(void)
{
	signal(SIGTERM, leave);
	signal(SIGINT, leave);
	signal(SIGCHLD, reap);
	for (;;)
		pause();
}
