-- Finds the members of a record that is in today's writing order, without parsing the user's
-- JSON in front of them.
--
-- Why this is safe: in valid JSON an unescaped ,"  starts a key, never the inside of a string.
-- Members that follow each other without a gap up to the last brace of the text stand at its
-- top level. Whatever does not fit is "not this shape", and Rust reads it in full.
--
-- In a function: a script that does not come to need it does not pay for it.

local function shape()
  local find, sub, gsub, byte, match = string.find, string.sub, string.gsub, string.byte, string.match

  -- The text with every escape blanked, at the same length: now each quote delimits a string.
  local function masked(text)
    if find(text, '\\', 1, true) then
      return (gsub(text, '\\.', '__'))
    end
    return text
  end

  -- Where `member` last starts in front of position `before`. Records end on what we look for,
  -- so windows grow from the end.
  local function last(text, member, before)
    local width = 256
    repeat
      local base = math.max(0, before - 1 - width)
      local window = sub(text, base + 1, before - 1)
      local at = find(window, member, 1, true)
      if at then
        local later = find(window, member, at + 1, true)
        while later do
          at = later
          later = find(window, member, at + 1, true)
        end
        return base + at
      end
      width = width * 8
    until base == 0
  end

  -- The last byte of the string, number or literal that starts at `at`.
  local function scalar_end(mask, at)
    local _, stop = find(mask, '^"[^"]*"', at)
    if not stop then
      _, stop = find(mask, '^[%w.+-]+', at)
    end
    return stop
  end

  -- The members of the flat object that starts at `at`, and its last byte.
  local function entries_of(text, mask, at)
    local entries = {}
    at = at + 1
    if byte(mask, at) == 125 then
      return entries, at
    end
    while true do
      local from, colon = find(mask, '^"[^"]*":', at)
      local stop = from and scalar_end(mask, colon + 1)
      if not stop then
        return nil
      end
      entries[#entries + 1] = {
        key = sub(text, from, colon - 1),
        value = sub(text, colon + 1, stop),
      }
      local mark = byte(mask, stop + 1)
      if mark == 125 then
        return entries, stop + 1
      elseif mark ~= 44 then
        return nil
      end
      at = stop + 2
    end
  end

  local WRITING_ORDER = { externalId = 1, externalIds = 2, createdAt = 3, resolvedAt = 4, batchId = 5, batchIndex = 6 }

  -- Reads members ,"name":value from `at` on, as long as they are known and in the writing order.
  -- Returns them by name, and the position behind them.
  local function members_from(text, mask, at)
    local found, rank = {}, 0
    while true do
      local from, colon, name = find(mask, '^,"(%a+)":', at)
      local place = from and WRITING_ORDER[name]
      if not place or place <= rank then
        return found, at
      end
      rank = place
      local entries, stop
      if name == 'externalIds' then
        if byte(mask, colon + 1) == 123 then
          entries, stop = entries_of(text, mask, colon + 1)
        end
      else
        stop = scalar_end(mask, colon + 1)
      end
      if not stop then
        return found, at
      end
      found[name] = { from = from, first = colon + 1, last = stop, entries = entries }
      at = stop + 1
    end
  end

  local function ends_at(mask, at)
    return byte(mask, at) == 125 and at == #mask
  end

  -- A tail: the text from `base` on, its mask, and its members by name. Positions are the tail's.
  local function tail_from(text, base, skip)
    local tail = sub(text, base)
    local mask = masked(tail)
    local members, behind = members_from(tail, mask, 1 + skip)
    return { base = base, text = tail, mask = mask, members = members, behind = behind, start = 1 + skip }
  end

  local PENDING, RESOLVED = ',"status":"pending"', ',"status":"resolved"'

  -- The tail of an undecided request, from its status on.
  local function undecided(text)
    local at = last(text, PENDING, #text + 1)
    if not at then
      return nil
    end
    local tail = tail_from(text, at, #PENDING)
    if tail.members.createdAt and not tail.members.resolvedAt and ends_at(tail.mask, tail.behind) then
      return tail
    end
  end

  -- The tail of a record that ends on createdAt and what may follow it.
  local function dated(text)
    local at = last(text, ',"createdAt":', #text + 1)
    if not at then
      return nil
    end
    local tail = tail_from(text, at, 0)
    if ends_at(tail.mask, tail.behind) then
      return tail
    end
  end

  -- The tail of a decided request, from its status on: external ids, one balanced result, dates.
  local function decided(text)
    local dates = dated(text)
    if not dates or not dates.members.resolvedAt then
      return nil
    end
    local at = last(text, RESOLVED, dates.base)
    while at do
      local tail = tail_from(text, at, #RESOLVED)
      local from, brace = find(tail.mask, '^,"result":{', tail.behind)
      if from and not tail.members.createdAt then
        local result = sub(tail.mask, brace, dates.base - at)
        if find(gsub(result, '"[^"]*"', ''), '^%b{}$') then
          return tail
        end
      end
      at = last(text, RESOLVED, at)
    end
  end

  -- What a request record says in front: its channel as JSON, and its namespace.
  local function head_of(text)
    local channel, behind =
      match(text, '^{"id":"[^"\\]*","token":"[^"\\]*","channel":("[^"\\]*")()')
    if not channel then
      local first, stop
      first, stop, behind =
        match(masked(sub(text, 1, 8192)), '^{"id":"[^"]*","token":"[^"]*","channel":()"[^"]*()"()')
      if not first then
        return nil
      end
      channel = sub(text, first, stop)
    end
    local namespace = match(text, '^,"namespace":"([%w_.-]+)","', behind)
    if not namespace and (find(text, '^,"namespace":null,"', behind) or find(text, '^,"message":', behind)) then
      namespace = 'global'
    end
    return channel, namespace
  end

  return undecided, head_of, decided, dated, last, tail_from, ends_at, masked
end
