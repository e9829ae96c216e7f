/* The URL's query string: the only thing in it is the API server's own timeout. spec: admission 1 */
#include "webhook/limits.h"
#include "webhook/review.h"

struct str query_value(struct str query, struct str name)
{
	while (query.n > 0) {
		struct str pair = query;
		struct str rest = {0};
		struct str key;
		struct str value;
		if (str_cut(query, '&', &pair, &rest))
			query = rest;
		else
			query = (struct str){0};
		if (str_cut(pair, '=', &key, &value) && str_eq(key, name))
			return value;
	}
	return (struct str){0};
}

int64_t review_deadline_ms(struct str timeout_value)
{
	int64_t timeout = 0;
	if (!duration_parse(timeout_value, &timeout) || timeout <= 0)
		timeout = DEADLINE_DEFAULT_MS;
	if (timeout > DEADLINE_MAX_MS)
		timeout = DEADLINE_MAX_MS;
	int64_t less_margin = timeout - DEADLINE_MARGIN_MS;
	return less_margin > timeout / 2 ? less_margin : timeout / 2;
}

int64_t review_margin_ms(int64_t deadline_ms)
{
	return deadline_ms < DEADLINE_MARGIN_MS ? deadline_ms : DEADLINE_MARGIN_MS;
}
