-- Posts the bodies of a file, one a line, in turn; tells what came of it as one line of JSON.

local requests, turn = {}, 0

function init(arguments)
  wrk.method = "POST"
  wrk.headers["content-type"] = "application/json"
  for body in io.lines(arguments[1]) do
    requests[#requests + 1] = wrk.format(nil, nil, nil, body)
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function done(summary, latency)
  local failed = summary.errors
  local parts = {
    '"requests":' .. summary.requests,
    '"seconds":' .. summary.duration / 1e6,
    '"median_ms":' .. latency:percentile(50) / 1e3,
    '"p99_ms":' .. latency:percentile(99) / 1e3,
    '"failed":' .. failed.connect + failed.read + failed.write + failed.status + failed.timeout,
  }
  print("{" .. table.concat(parts, ",") .. "}")
end
