#include "policy/policy.h"

const char *mode_name(enum mode m)
{
	switch (m) {
	case MODE_DENY:
		return "deny";
	case MODE_WARN:
		return "warn";
	case MODE_AUDIT:
		return "audit";
	}
	BUG("mode %d", (int)m);
}
