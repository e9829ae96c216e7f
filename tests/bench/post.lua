-- BODIES="a.json b.json" wrk -s post.lua: POST the bodies in turn; one line of figures at the end.
local bodies, at = {}, 0
for name in os.getenv("BODIES"):gmatch("%S+") do
	local f = assert(io.open(name, "rb"))
	bodies[#bodies + 1] = f:read("*a")
	f:close()
end

local requests = {}
function init()
	for i, body in ipairs(bodies) do
		requests[i] = wrk.format("POST", nil, { ["Content-Type"] = "application/json" }, body)
	end
end

function request()
	at = at % #requests + 1
	return requests[at]
end

function done(summary, latency, rates)
	local e = summary.errors
	io.write(string.format("FIGURES %.1f %d %d %d %d\n", summary.requests / (summary.duration / 1e6),
		latency:percentile(50), latency:percentile(99), summary.requests,
		e.connect + e.read + e.write + e.status + e.timeout))
end
