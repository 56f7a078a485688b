"""The Lua script of the shared rate limit: all that has to happen in one step, inside Redis."""

import hashlib
from typing import Final

# One script, so that each step is atomic; it has the only clock that all processes share. Times are
# microseconds, which a double holds exactly until the year 2255; `0` and the past are the same.
# Redis 5 or newer: older ones do not let a script write after it has read the time.
SCRIPT: Final = """\
local slots, flights, state = KEYS[1], KEYS[2], KEYS[3]
local verb = ARGV[1]
local function arg(i) return tonumber(ARGV[i]) end

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])

local function put(key, id, free_in)
  if free_in > 0 then return redis.call('ZADD', key, now + free_in, id) end
  redis.call('ZREM', key, id)
  return 0
end

local function field(name) return tonumber(redis.call('HGET', state, name) or 0) end

-- What ngrok stated, for ten windows since it last did, an hour at most.
local hour = 3600 * 1000000
local function stated(name, till)
  return field(till) > now and field(name) or 0
end

local function raise(name, to)
  if to > now and to > field(name) then redis.call('HSET', state, name, to) end
end

local function last(key)
  return tonumber(redis.call('ZRANGE', key, -1, -1, 'WITHSCORES')[2] or 0)
end

-- What is found here must not be swept away before the last process has done with it.
local function keep(key, till)
  redis.call('PEXPIREAT', key, math.ceil(till / 1000) + 1000)
end

redis.call('ZREMRANGEBYSCORE', slots, '-inf', now)
redis.call('ZREMRANGEBYSCORE', flights, '-inf', now)

if verb == 'complete' then  -- id, slot
  put(slots, ARGV[2], arg(3))
  put(flights, ARGV[2], 0)
elseif verb == 'tell' then  -- pause, spread, next, requests, window, in flight, settle, own...
  raise('paused', now + arg(2))
  raise('spread', now + arg(3))
  raise('next', now + arg(4))
  local epoch = field('epoch')
  if (arg(5) > 0 and (arg(5) ~= stated('requests', 'rate_till') or arg(6) ~= field('window')))
      or (arg(7) > 0 and arg(7) ~= stated('in_flight', 'flight_till')) then
    epoch = 0
  end
  if arg(5) > 0 then
    redis.call('HSET', state, 'requests', ARGV[5], 'window', ARGV[6],
      'rate_till', now + math.min(10 * arg(6), hour))
  end
  if arg(7) > 0 then
    redis.call('HSET', state, 'in_flight', ARGV[7], 'flight_till', now + hour / 6)
  end
  if epoch == 0 then redis.call('HSET', state, 'epoch', now) end
  local unknown = 0
  for i = 9, #ARGV, 3 do
    unknown = unknown + put(slots, ARGV[i], arg(i + 1))
    put(flights, ARGV[i], arg(i + 2))
  end
  -- Others may have something to tell too, so wait for them.
  if unknown > 0 then raise('paused', now + arg(8)) end
end

local epoch, spread = field('epoch'), field('spread')
local paused, next_start = field('paused'), field('next')
local used, flying = redis.call('ZCARD', slots), redis.call('ZCARD', flights)
local granted = 0
if verb == 'acquire' and redis.call('ZSCORE', flights, ARGV[2]) then
  granted = 1  -- the first answer was lost on its way
elseif verb == 'acquire'  -- id, epoch, requests, in flight, slot, lease, distance
    and epoch > 0 and epoch == arg(3) and used < arg(4) and flying < arg(5)
    and now >= paused and now >= math.min(next_start, spread) then
  granted, used, flying = 1, used + 1, flying + 1
  put(slots, ARGV[2], arg(6))
  put(flights, ARGV[2], arg(7))
  if now < spread then
    next_start = now + arg(8)
    redis.call('HSET', state, 'next', next_start)
  end
end

if verb ~= 'look' then
  local till = math.max(now, last(slots))
  keep(slots, till)
  keep(flights, math.max(now, last(flights)))
  keep(state, math.max(till, spread) + hour)  -- a stated limit is worth remembering
end

local function left(at) return math.max(0, at - now) end
local reply = {
  now, granted, epoch, used, flying, left(paused), left(spread), left(next_start),
  stated('requests', 'rate_till'), field('window'), stated('in_flight', 'flight_till'),
}
if granted == 0 and verb ~= 'complete' then
  local found = redis.call('ZRANGE', slots, 0, -1, 'WITHSCORES')
  for i = 2, #found, 2 do reply[#reply + 1] = left(tonumber(found[i])) end
end
return reply
"""

SHA: Final = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()
