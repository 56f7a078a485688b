"""The Lua script of the shared rate limit: all that has to happen in one step, inside Redis.

The state of an account is one value under one key, so that it is there as a whole or not at all.
Each command tells the state of its process in full: what got lost on the way, the next one mends.
"""

import hashlib
from typing import Final

# Times are microseconds of Redis' clock, the only one that all processes share; a double holds them
# exactly until the year 2255. Redis 5 or newer: older ones do not let a script write after `TIME`.
SCRIPT: Final = """\
local numbers = {}
for i = 2, #ARGV do numbers[i - 1] = tonumber(ARGV[i]) end
local born, turn, done, flying, want, careful,  -- what its process knows, has and wants
  lease, service, own_requests, own_window, own_flights,  -- what it is, and the limit set for it
  requests, window, flights, distance,  -- the limit that is in force
  pause, spread, next,  -- what follows from its last 429
  said_requests, said_window, said_flights = unpack(numbers, 1, 21)  -- and what that stated
local ENDED = 22  -- and from here on: how long ago each request ended that is not told yet
local SECOND, HOUR, GRACE = 1000000, 3600000000, 250000
local max, min, ceil = math.max, math.min, math.ceil
local packer = cmsgpack or {pack = cjson.encode, unpack = cjson.decode}  -- fakeredis has the latter

local time = redis.call('TIME')
local now = time[1] * SECOND + time[2]
local known = redis.call('GET', KEYS[1])
local all = known and packer.unpack(known) or {
  born = now, whole = 0, service = service, paused = 0, spread = 0, next = 0,
  requests = 0, window = 0, rate_till = 0, flights = 0, flights_till = 0, stamps = {}, members = {},
}
local stamps, members, me = all.stamps, all.members, all.members[ARGV[1]]
if me and turn < me.turn then return {} end  -- given up by its process, which has gone on

-- Who misses what it has told lets all keep to their shares until nothing of that counts any more.
if born > 0 and born ~= all.born then
  all.whole = max(all.whole, all.born + window)
elseif born > 0 and (me and me.done or -1) < done then
  all.born, all.whole = now, now + window
end
all.whole = min(all.whole, now + window)  -- the clock may have been wrong, here as below

-- When requests ended, ascending: a time and how many, and so on. A window has 4,000 times at most.
local grain = max(1, math.floor(window / 4000))
local function ended(at, number)
  at = ceil(at / grain) * grain
  local i = #stamps + 1
  while i > 1 and stamps[i - 2] > at do i = i - 2 end
  if i > 1 and stamps[i - 2] == at then stamps[i - 1] = stamps[i - 1] + number return end
  table.insert(stamps, i, number)
  table.insert(stamps, i, at)
end

for i = 1, #stamps, 2 do stamps[i] = min(stamps[i], now + window / 60 + grain) end
for id, one in pairs(members) do
  one.seen, one.ticket = min(one.seen, now), min(one.ticket, now)
  if id ~= ARGV[1] and one.seen + one.lease <= now then
    if one.flying > 0 then ended(one.seen + one.lease, one.flying) end
    one.flying = 0
    if one.seen + one.window <= now then members[id] = nil end
  end
end
me = me or {done = done, ticket = 0}
for i = ENDED + max(0, me.done - done), #numbers do ended(now - numbers[i], 1) end
me.turn, me.done, me.flying = turn, done + #numbers - ENDED + 1, flying
me.seen, me.ask, me.lease = now, now, lease
me.requests, me.window, me.flights = own_requests, own_window, own_flights
members[ARGV[1]] = me

-- The limit: the smallest of all members, and what ngrok stated.
local alive, out, most, span, smallest = 0, 0, own_flights, max(window, all.window), me
for _, one in pairs(members) do
  alive, out, most = alive + 1, out + one.flying, min(most, one.flights)
  span = max(span, one.window)
  if one.requests * smallest.window < smallest.requests * one.window then smallest = one end
end
local fewest = most
most = min(most, flights)
if said_requests > 0 then
  all.requests, all.window = said_requests, said_window
  all.rate_till = now + min(10 * said_window, HOUR)
end
if said_flights > 0 then
  all.flights, all.flights_till = said_flights, now + min(10 * window, HOUR)
end
all.rate_till, all.flights_till = min(all.rate_till, now + HOUR), min(all.flights_till, now + HOUR)
if all.rate_till <= now then all.requests = 0 end
if all.flights_till <= now then all.flights = 0 end
local limit = min(requests, smallest.requests, all.requests > 0 and all.requests or requests)
if all.flights > 0 then most = min(most, all.flights) end

local function later(name, by, longest)
  all[name] = min(max(all[name], by > 0 and now + by or 0), now + longest)
end
later('paused', pause, HOUR)
later('spread', spread, HOUR + window)
later('next', next, HOUR + window)
local opens = max(all.paused, min(all.next, all.spread))

while stamps[1] and stamps[1] + span <= now do
  table.remove(stamps, 1)
  table.remove(stamps, 1)
end
local used = out
for i = 1, #stamps, 2 do
  if stamps[i] + window > now then used = used + stamps[i + 1] end
end

-- How long a place in flight takes to come free, a little less.
if service > 0 then all.service = 0.8 * all.service + 0.2 * service end
local pace = max(SECOND / 100, min(0.6 * all.service / most, SECOND / 4))

-- The line: slots are kept for those before who are about to ask, but not for those who are late.
local rank, line, kept = 0, 0, 0
if want > 0 and me.ticket == 0 then me.ticket = now end
for id, one in pairs(members) do
  if one ~= me and one.ticket > 0 and one.ask + GRACE > now then
    line = line + 1
    if one.ticket < me.ticket or (one.ticket == me.ticket and id < ARGV[1]) then
      rank = rank + 1
      if one.ask < now + GRACE then kept = kept + 1 end
    end
  end
end
local granted, free = 0, min(limit - used, most - out) - kept
if want > 0 and free > 0 and now >= opens and now >= (careful > 0 and 0 or all.whole) then
  granted = 1
  if now < all.spread then
    all.next = now + distance
    opens = all.next
  else
    granted = min(want, 1 + math.floor((free - 1) / (line + 1)))
  end
  me.flying, me.ticket = me.flying + granted, now  -- behind all who wait
  out, used, rank = out + granted, used + granted, line
end
if granted >= want then me.ticket = 0 end

-- When the slot for a place in the line comes free, as far as can be seen.
local function free_at(place)
  local at, lack = now + max(0, place - most + out) * pace, place - limit + used
  if now < all.spread then at = max(at, opens + (place - 1) * distance) end
  for i = 1, #stamps, 2 do
    if lack > 0 and stamps[i] + window > now then
      at, lack = max(at, stamps[i] + window), lack - stamps[i + 1]
    end
  end
  return max(at, opens, lack > 0 and now + window or 0)
end
local wait = free_at(rank + 1)
if rank > 0 then wait = min(wait, free_at(rank) + GRACE) end  -- who is before may be dead
if wait <= now then wait = now + pace end
wait = min(wait, now + SECOND)
if me.ticket > 0 then me.ask = wait end

local till = max(all.spread, all.rate_till, all.flights_till, now + lease + 2 * span)
redis.call('SET', KEYS[1], packer.pack(all), 'PX', ceil((till - now) / 1000) + 1000)
for i = 1, #stamps, 2 do stamps[i] = now - stamps[i] end
return {
  all.born, granted, wait - now, max(0, all.whole - now), alive, line, rank, out,
  smallest.requests, smallest.window, fewest,
  max(0, all.paused - now), max(0, all.spread - now), max(0, all.next - now),
  all.requests, all.window, all.flights, table.concat(stamps, ' '),
}
"""

SHA: Final = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()
