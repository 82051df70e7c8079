-- Shows ProcsLink messages in Wireshark and tshark: headers, method names, ids, JSON, and large messages put together.
--
--   tshark -X lua_script:wireshark/procslink.lua -r calls.pcapng
--
-- or copy it into the folder of personal Lua plugins, which Wireshark names under Help, About, Folders. It reads what
-- a PcapngWriter has written, and what was captured on an interface of the type nlmon. For Wireshark 4.0 and later.
--
-- It takes the place of Wireshark's own netlink dissector for NETLINK_USERSOCK, which does not do for ProcsLink: it asks
-- others only about messages of a type from 0x10 on, so not about last fragments (0x3) and the dialect procslink-0.1 (0x0);
-- and that of 4.0 does not know the padding between the messages of a datagram. All else is left to it.

local NETLINK = (wtap_encaps or wtap).NETLINK
local ARPHRD_NETLINK, NETLINK_USERSOCK = 824, 2
local COOKED_SIZE, NLMSGHDR_SIZE, HEADERS_SIZE = 16, 16, 40
local NLMSG_LEGACY, NLMSG_NOOP, NLMSG_DONE, NLMSG_PROCSLINK = 0x0, 0x1, 0x3, 0x10
local PACKET_OUTGOING = 4
local VERSION = 1
local REQUEST, RESPONSE = 1, 2
local NATIVE, LEGACY = "native", "procslink-0.1"
-- What is kept of messages that are not whole yet, in bytes, and of how many.
local MOST_PENDING_BYTES, MOST_PENDING = 268435456, 1024
-- Members of a batch that are listed.
local MOST_MEMBERS = 100
-- The largest body of which Wireshark makes a JSON tree, in bytes: that takes a second for each megabyte.
local LARGEST_TREE = 4194304
-- Bytes of a method name in the list of packets.
local LONGEST_SHOWN = 80

local cooked = Proto("procslink_cooked", "ProcsLink over netlink (cooked header)")
local procslink = Proto("procslink", "ProcsLink")

local PACKET_TYPES = { [0] = "to this side", [2] = "multicast, to this side", [PACKET_OUTGOING] = "from this side" }
local NLMSG_TYPES = {
  [NLMSG_LEGACY] = "message of procslink-0.1",
  [NLMSG_NOOP] = "nothing",
  [NLMSG_DONE] = "last fragment",
  [NLMSG_PROCSLINK] = "message",
}
local PAYLOAD_TYPES = { [REQUEST] = "JSON-RPC request", [RESPONSE] = "JSON-RPC response" }

local fields = {
  packet_type = ProtoField.uint16("procslink.packet_type", "Packet type", base.DEC, PACKET_TYPES),
  arphrd = ProtoField.uint16("procslink.arphrd", "Link-layer address type", base.DEC),
  from = ProtoField.uint32("procslink.from", "Port of the sender", base.DEC),
  to = ProtoField.uint32("procslink.to", "Port of the receiver", base.DEC),
  protocol = ProtoField.uint16("procslink.protocol", "Netlink protocol", base.DEC, { [2] = "NETLINK_USERSOCK" }),
  dialect = ProtoField.string("procslink.dialect", "Dialect"),
  nlmsg_len = ProtoField.uint32("procslink.nlmsg_len", "nlmsg_len", base.DEC),
  nlmsg_type = ProtoField.uint16("procslink.nlmsg_type", "nlmsg_type", base.HEX, NLMSG_TYPES),
  nlmsg_flags = ProtoField.uint16("procslink.nlmsg_flags", "nlmsg_flags", base.HEX),
  is_request = ProtoField.bool("procslink.nlmsg_flags.request", "NLM_F_REQUEST", 16, nil, 0x1),
  is_fragment = ProtoField.bool("procslink.nlmsg_flags.multi", "NLM_F_MULTI", 16, nil, 0x2),
  nlmsg_seq = ProtoField.uint32("procslink.nlmsg_seq", "nlmsg_seq", base.DEC),
  nlmsg_pid = ProtoField.uint32("procslink.nlmsg_pid", "nlmsg_pid", base.DEC),
  version = ProtoField.uint16("procslink.version", "version", base.DEC),
  flag = ProtoField.uint16("procslink.flag", "flag", base.HEX),
  length = ProtoField.uint32("procslink.length", "length", base.DEC),
  payload_type = ProtoField.uint16("procslink.payload_type", "payload_type", base.DEC, PAYLOAD_TYPES),
  reserved = ProtoField.uint16("procslink.reserved", "reserved", base.HEX),
  seq = ProtoField.uint32("procslink.seq", "seq", base.DEC),
  timestamp = ProtoField.absolute_time("procslink.timestamp", "timestamp", base.UTC),
  method = ProtoField.string("procslink.method", "Method"),
  id = ProtoField.string("procslink.id", "Id"),
  error_code = ProtoField.string("procslink.error.code", "Error code"),
  error_message = ProtoField.string("procslink.error.message", "Error message"),
  fragment = ProtoField.bytes("procslink.fragment", "Part of the body"),
  reassembled_length = ProtoField.uint32("procslink.reassembled.length", "Length of the whole body", base.DEC),
  answer_in = ProtoField.framenum("procslink.response_in", "Answered in", base.NONE, frametype.RESPONSE),
  request_in = ProtoField.framenum("procslink.request_in", "Answers", base.NONE, frametype.REQUEST),
  time = ProtoField.relative_time("procslink.time", "Time from the request"),
}
local group, severity = expert.group, expert.severity
local experts = {
  malformed = ProtoExpert.new("procslink.malformed", "No ProcsLink message", group.MALFORMED, severity.ERROR),
  not_json = ProtoExpert.new("procslink.not_json", "No JSON-RPC", group.MALFORMED, severity.ERROR),
  spoofed = ProtoExpert.new(
    "procslink.spoofed", "nlmsg_pid is not the port of the sender", group.PROTOCOL, severity.WARN
  ),
  incomplete = ProtoExpert.new(
    "procslink.incomplete", "Some of the fragments are not here", group.REASSEMBLE, severity.WARN
  ),
  cut = ProtoExpert.new("procslink.cut", "Not all of the message was captured", group.UNDECODED, severity.NOTE),
}
procslink.fields = fields
procslink.experts = experts

local json = Dissector.get("json")
local netlink = Dissector.get("netlink")

-- What was found when the packets were first read, in order; later they may be shown in any order.
local pending, pending_count, pending_bytes -- bodies that are not whole, by key
local whole -- whole bodies, by frame and offset
local calls, request_of, answer_of -- by key; by frame, offset and id

function procslink.init()
  pending, pending_count, pending_bytes = {}, 0, 0
  whole, calls, request_of, answer_of = {}, {}, {}, {}
end

-- JSON ----------------------------------------------------------------------------------------------------------------

local function utf8_of(code)
  if code < 0x80 then return string.char(code) end
  if code < 0x800 then return string.char(0xc0 + math.floor(code / 64), 0x80 + code % 64) end
  if code < 0x10000 then
    return string.char(0xe0 + math.floor(code / 4096), 0x80 + math.floor(code / 64) % 64, 0x80 + code % 64)
  end
  return string.char(
    0xf0 + math.floor(code / 262144),
    0x80 + math.floor(code / 4096) % 64,
    0x80 + math.floor(code / 64) % 64,
    0x80 + code % 64
  )
end

local ESCAPES = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }

-- The text of a JSON string, without its quotes. Whatever has no meaning stays as it is.
local function unescape(text)
  local parts, at = {}, 1
  while true do
    local escape = text:find("\\", at, true)
    if escape == nil then break end
    parts[#parts + 1] = text:sub(at, escape - 1)
    local high, low = text:match("^u([dD][89aAbB]%x%x)\\u([dD][c-fC-F]%x%x)", escape + 1)
    local code = text:match("^u(%x%x%x%x)", escape + 1)
    local letter = text:sub(escape + 1, escape + 1)
    if high then
      parts[#parts + 1] = utf8_of(0x10000 + (tonumber(high, 16) - 0xd800) * 1024 + tonumber(low, 16) - 0xdc00)
      at = escape + 12
    elseif code then
      parts[#parts + 1] = utf8_of(tonumber(code, 16))
      at = escape + 6
    else
      parts[#parts + 1] = ESCAPES[letter] or letter
      at = escape + 2
    end
  end
  parts[#parts + 1] = text:sub(at)
  return table.concat(parts)
end

-- Where a string that begins at `start` ends; nil where it does not.
local function string_end(text, start)
  local at = start + 1
  while true do
    at = text:find('["\\]', at)
    if at == nil or text:byte(at) == 0x22 then return at end
    at = at + 2
  end
end

-- Where a value that begins at `start` ends; nil where it does not.
local function value_end(text, start)
  local first = text:sub(start, start)
  if first == '"' then return string_end(text, start) end
  if first ~= "{" and first ~= "[" then
    local past = text:find("[,%]}%s]", start) or #text + 1
    return past > start and past - 1 or nil
  end
  local depth, at = 0, start
  while at ~= nil do
    local character = text:sub(at, at)
    if character == '"' then
      at = string_end(text, at)
      if at == nil then return nil end
    elseif character == "{" or character == "[" then
      depth = depth + 1
    else
      depth = depth - 1
      if depth == 0 then return at end
    end
    at = text:find('["{}%[%]]', at + 1)
  end
end

-- The members of an object that begins at `start`, as JSON by name; nil where it is none. Only the outermost.
local function members_of(text, start)
  local members, at = {}, text:find("%S", start + 1)
  while at ~= nil and text:sub(at, at) ~= "}" do
    local last = text:sub(at, at) == '"' and string_end(text, at)
    if not last then return nil end
    local name = unescape(text:sub(at + 1, last - 1))
    local _, colon = text:find("^%s*:%s*", last + 1)
    if colon == nil then return nil end
    last = value_end(text, colon + 1)
    if last == nil then return nil end
    members[name] = text:sub(colon + 1, last)
    at = text:find("%S", last + 1)
    if at ~= nil and text:sub(at, at) == "," then at = text:find("%S", at + 1) end
  end
  return at and members
end

-- What a JSON value says: the text of a string, any other as it stands.
local function said(value)
  return value:sub(1, 1) == '"' and unescape(value:sub(2, -2)) or value
end

-- The messages of a body, each with its members; and whether it is a batch. nil where it is no JSON-RPC.
local function messages_of(text)
  local at = text:find("%S")
  local first = at and text:sub(at, at)
  if first == "{" then
    local members = members_of(text, at)
    return members and { members }, false, 1
  end
  if first ~= "[" then return nil end
  local found, count = {}, 0
  at = text:find("%S", at + 1)
  while at ~= nil and text:sub(at, at) ~= "]" do
    local last = value_end(text, at)
    if last == nil then return nil end
    count = count + 1
    if count <= MOST_MEMBERS and text:sub(at, at) == "{" then found[#found + 1] = members_of(text, at) end
    at = text:find("%S", last + 1)
    if at ~= nil and text:sub(at, at) == "," then at = text:find("%S", at + 1) end
  end
  if at == nil then return nil end
  return found, true, count
end

-- A text as the list of packets can show it.
local function shown(text)
  text = text:gsub("%c", "?")
  if #text <= LONGEST_SHOWN then return text end
  -- No half of a character.
  return text:sub(1, LONGEST_SHOWN):gsub("[\192-\255]?[\128-\191]*$", "") .. "..."
end

-- Messages ------------------------------------------------------------------------------------------------------------

-- Notes a request and finds it again for its answer, so that each of the two leads to the other.
local function match(message, members, place, pinfo, tree)
  local way = message.way
  if members.id == nil or way.from == nil or way.to == nil then return end
  local key = place .. ":" .. members.id
  if members.method ~= nil then
    if not pinfo.visited then
      local call = table.concat({ way.side, way.from, way.to, members.id }, ":")
      calls[call] = { key = key, frame = pinfo.number, time = pinfo.abs_ts }
    end
    if answer_of[key] then tree:add(fields.answer_in, answer_of[key]):set_generated() end
    return
  end
  if not pinfo.visited then
    local call = table.concat({ way.side, way.to, way.from, members.id }, ":")
    request_of[key], calls[call] = calls[call], nil
    if request_of[key] then answer_of[request_of[key].key] = pinfo.number end
  end
  local request = request_of[key]
  if request == nil then return end
  tree:add(fields.request_in, request.frame):set_generated()
  -- A clock may have been set back meanwhile; then both parts are negative.
  local seconds = pinfo.abs_ts - request.time
  local sign, nanoseconds = seconds < 0 and -1 or 1, math.floor(math.abs(seconds) * 1e9 + 0.5)
  local time = NSTime.new(sign * math.floor(nanoseconds / 1e9), sign * (nanoseconds % 1000000000))
  tree:add(fields.time, time):set_generated()
end

-- Shows one request or response; returns how the list of packets names it.
local function show_message(message, members, range, place, pinfo, tree)
  local id = members.id and said(members.id)
  local method = members.method and said(members.method)
  if method then tree:add(fields.method, range, method) end
  if id then tree:add(fields.id, range, id) end
  match(message, members, place, pinfo, tree)
  if method and id then return "request " .. shown(id) .. " " .. shown(method) end
  if method then return "notification " .. shown(method) end
  if members.error then
    local problem = members_of(members.error, 1) or {}
    if problem.code then tree:add(fields.error_code, range, said(problem.code)) end
    if problem.message then tree:add(fields.error_message, range, said(problem.message)) end
    return "error " .. shown(id or "?") .. (problem.message and ": " .. shown(said(problem.message)) or "")
  end
  if members.result then return "response " .. shown(id or "?") end
  return nil
end

-- Shows a whole body; returns how the list of packets names it.
local function show_body(message, range, place, pinfo, tree)
  local kind = message.payload_type == REQUEST and "request" or "response"
  if range == nil then
    tree:add_proto_expert_info(experts.not_json)
    return kind .. " without a body"
  end
  local found, is_batch, count = messages_of(range:raw())
  local info
  if found == nil then
    info = kind .. " that is no JSON"
  elseif is_batch then
    local names = {}
    for _, members in ipairs(found) do
      names[#names + 1] = show_message(message, members, range, place, pinfo, tree)
    end
    info = count == 0 and "empty batch" or "batch of " .. count
    if #names > 0 then info = info .. ": " .. shown(table.concat(names, ", ")) end
  else
    info = show_message(message, found[1], range, place, pinfo, tree)
  end
  if found == nil or info == nil then tree:add_proto_expert_info(experts.not_json) end
  local function show_json() json:call(range:tvb(), pinfo, tree) end
  if range:len() <= LARGEST_TREE and not pcall(show_json) then tree:add_proto_expert_info(experts.not_json) end
  return info or kind .. " that is no JSON-RPC"
end

-- Notes a fragment. Returns the whole body where it is the last of a message that is all there.
local function collect(message, range, place, pinfo)
  if pinfo.visited then return whole[place] end
  local body = pending[message.key]
  if body == nil then
    if pending_count >= MOST_PENDING then pending, pending_count, pending_bytes = {}, 0, 0 end
    body = { parts = {}, length = 0 }
    pending[message.key] = body
    pending_count = pending_count + 1
  end
  if range ~= nil and pending_bytes + range:len() <= MOST_PENDING_BYTES then
    body.parts[#body.parts + 1] = range:raw()
    body.length = body.length + range:len()
    pending_bytes = pending_bytes + range:len()
  end
  if message.type ~= NLMSG_DONE then return nil end
  pending[message.key] = nil
  pending_count = pending_count - 1
  pending_bytes = pending_bytes - body.length
  if body.length == 0 or body.length ~= message.length - (HEADERS_SIZE - NLMSGHDR_SIZE) then return nil end
  whole[place] = ByteArray.new(table.concat(body.parts), true)
  return whole[place]
end

local function show_fragment(message, range, place, pinfo, tree)
  local kind = message.payload_type == REQUEST and "request" or "response"
  local name = string.format("%s %d", kind, message.nlmsg_seq)
  if range ~= nil then tree:add(fields.fragment, range) end
  local body = collect(message, range, place, pinfo)
  if body ~= nil then
    local bytes = body:tvb("ProcsLink message")
    tree:add(fields.reassembled_length, bytes:len()):set_generated()
    return show_body(message, bytes(), place, pinfo, tree) .. " (last fragment)"
  end
  if message.type ~= NLMSG_DONE then return "fragment of " .. name end
  if range == nil then return "taken back: " .. name end
  tree:add_proto_expert_info(experts.incomplete)
  return "last fragment of " .. name
end

local function uint(range, is_little)
  return is_little and range:le_uint() or range:uint()
end

-- Reads the headers of the message at an offset. Returns nil and why not where it is none.
local function read_message(tvb, offset, way)
  local left = tvb:reported_length_remaining(offset)
  if left < NLMSGHDR_SIZE then return nil, left .. " bytes cannot hold an nlmsghdr" end
  if tvb:captured_len() < offset + NLMSGHDR_SIZE then return nil, "its header was not captured" end
  local message = {
    way = way,
    offset = offset,
    is_little = true,
    dialect = NATIVE,
    size = tvb(offset, 4):le_uint(),
    type = tvb(offset + 4, 2):le_uint(),
    flags = tvb(offset + 6, 2):le_uint(),
  }
  local has_headers = tvb:captured_len() >= offset + HEADERS_SIZE
  if message.type == NLMSG_NOOP and message.size >= NLMSGHDR_SIZE and message.size <= left then return message end
  if message.type == NLMSG_DONE or message.type == NLMSG_PROCSLINK then
    if message.size < HEADERS_SIZE or message.size > left then return nil, "nlmsg_len is " .. message.size end
  elseif has_headers and offset == way.start and tvb(offset + 4, 2):uint() == NLMSG_LEGACY and
      tvb(offset, 4):uint() == left - NLMSGHDR_SIZE and tvb(offset + 20, 4):uint() == left - HEADERS_SIZE then
    message.is_little, message.dialect, message.size, message.flags = false, LEGACY, left, 0
  else
    return nil, "nlmsg_type is " .. message.type
  end
  if not has_headers then return nil, "its header was not captured" end
  message.nlmsg_seq = uint(tvb(offset + 8, 4), message.is_little)
  message.nlmsg_pid = uint(tvb(offset + 12, 4), message.is_little)
  message.length = uint(tvb(offset + 20, 4), message.is_little)
  message.payload_type = uint(tvb(offset + 24, 2), message.is_little)
  message.version = uint(tvb(offset + 16, 2), message.is_little)
  message.is_fragment = message.is_little and math.floor(message.flags / 2) % 2 == 1
  message.key = table.concat({
    way.side, way.from or message.nlmsg_pid, way.to or "", message.nlmsg_seq, tvb(offset + 28, 12):bytes():tohex(),
  }, ":")
  return message
end

local function show_headers(message, tvb, tree)
  local offset, add = message.offset, message.is_little and tree.add_le or tree.add
  tree:add(fields.dialect, tvb(offset, NLMSGHDR_SIZE), message.dialect):set_generated()
  add(tree, fields.nlmsg_len, tvb(offset, 4))
  add(tree, fields.nlmsg_type, tvb(offset + 4, 2))
  local flags = add(tree, fields.nlmsg_flags, tvb(offset + 6, 2))
  add(flags, fields.is_request, tvb(offset + 6, 2))
  add(flags, fields.is_fragment, tvb(offset + 6, 2))
  add(tree, fields.nlmsg_seq, tvb(offset + 8, 4))
  local pid = add(tree, fields.nlmsg_pid, tvb(offset + 12, 4))
  local from = message.way.from
  if message.type == NLMSG_NOOP then return end
  if from ~= nil and message.nlmsg_pid ~= from then pid:add_proto_expert_info(experts.spoofed) end
  add(tree, fields.version, tvb(offset + 16, 2))
  add(tree, fields.flag, tvb(offset + 18, 2))
  add(tree, fields.length, tvb(offset + 20, 4))
  add(tree, fields.payload_type, tvb(offset + 24, 2))
  add(tree, fields.reserved, tvb(offset + 26, 2))
  add(tree, fields.seq, tvb(offset + 28, 4))
  local range = tvb(offset + 32, 8)
  local nanoseconds = message.is_little and range:le_uint64() or range:uint64()
  local billion = UInt64.new(1000000000)
  tree:add(fields.timestamp, range, NSTime.new((nanoseconds / billion):tonumber(), (nanoseconds % billion):tonumber()))
end

-- Shows a message; returns how the list of packets names it.
local function show(message, tvb, pinfo, root)
  local offset, captured = message.offset, tvb:captured_len() - message.offset
  local is_cut = captured < message.size
  local tree = root:add(procslink, tvb(offset, math.min(message.size, captured)))
  show_headers(message, tvb, tree)
  local info
  if message.type == NLMSG_NOOP then
    info = "NOOP"
  else
    local length = math.min(message.size, captured) - HEADERS_SIZE
    local range = length > 0 and tvb(offset + HEADERS_SIZE, length) or nil
    local place = pinfo.number .. ":" .. offset
    local stated = message.length + (message.is_little and NLMSGHDR_SIZE or HEADERS_SIZE)
    local is_odd = stated ~= message.size or message.type == NLMSG_DONE
    if is_odd and not message.is_fragment and message.version == VERSION then
      tree:add_proto_expert_info(experts.malformed, "A whole message whose type, flags or length are those of a part")
    end
    if is_cut then
      info = (message.payload_type == REQUEST and "request " or "response ") .. message.nlmsg_seq .. ", cut"
      tree:add_proto_expert_info(experts.cut)
    elseif message.payload_type ~= REQUEST and message.payload_type ~= RESPONSE then
      info = "payload of the type " .. message.payload_type
      tree:add_proto_expert_info(experts.not_json)
    elseif message.is_fragment then
      info = show_fragment(message, range, place, pinfo, tree)
    else
      info = show_body(message, range, place, pinfo, tree)
    end
  end
  tree:append_text(", " .. info)
  return info
end

-- Shows the messages from an offset on.
local function show_all(tvb, offset, way, pinfo, root)
  local infos = {}
  way.start = offset
  repeat
    local message, problem = read_message(tvb, offset, way)
    if message == nil then
      local tree = root:add(procslink, tvb(math.min(offset, tvb:captured_len())))
      tree:add_proto_expert_info(experts.malformed, "No ProcsLink message: " .. problem)
      infos[#infos + 1] = "malformed"
      break
    end
    infos[#infos + 1] = show(message, tvb, pinfo, root)
    offset = offset + math.ceil(message.size / 4) * 4
    local is_cut = tvb:captured_len() < tvb:reported_len() and tvb:captured_len() < offset + HEADERS_SIZE
  until is_cut or offset >= tvb:reported_len()
  pinfo.cols.protocol = "ProcsLink"
  pinfo.cols.info = table.concat(infos, " | ")
end

-- Where there are fewer bytes than its dissector reads, that fails, which Lua would show as a mistake of ours.
local function leave_to_wireshark(tvb, pinfo, root)
  local ok, length = pcall(function() return netlink:call(tvb, pinfo, root) end)
  if ok then return length end
  root:add(cooked, tvb()):add_proto_expert_info(experts.malformed)
  return tvb:captured_len()
end

function cooked.dissector(tvb, pinfo, root)
  local is_ours = tvb:captured_len() >= COOKED_SIZE and
    tvb(2, 2):uint() == ARPHRD_NETLINK and tvb(14, 2):uint() == NETLINK_USERSOCK
  -- nlmon(4) leaves the address empty: the ports are not known then.
  local has_ports = is_ours and tvb(4, 2):uint() == 8
  local way = { side = "", start = COOKED_SIZE }
  if has_ports then
    way.from, way.to = tvb(6, 4):uint(), tvb(10, 4):uint()
    -- A call between two peers that write into one file is there twice.
    way.side = tvb(0, 2):uint() == PACKET_OUTGOING and way.from or way.to
  end
  if not is_ours or not read_message(tvb, COOKED_SIZE, way) then return leave_to_wireshark(tvb, pinfo, root) end
  local tree = root:add(cooked, tvb(0, COOKED_SIZE))
  tree:add(fields.packet_type, tvb(0, 2))
  tree:add(fields.arphrd, tvb(2, 2))
  if has_ports then
    tree:add(fields.from, tvb(6, 4))
    tree:add(fields.to, tvb(10, 4))
    pinfo.cols.src = tostring(way.from)
    pinfo.cols.dst = way.to == 0 and "multicast" or tostring(way.to)
  end
  tree:add(fields.protocol, tvb(14, 2))
  show_all(tvb, COOKED_SIZE, way, pinfo, root)
  return tvb:captured_len()
end

-- For netlink messages in other captures, such as those of all interfaces: one message at a time.
function procslink.dissector(tvb, pinfo, root)
  local way = { side = "", start = 0 }
  local message = read_message(tvb, 0, way)
  if message == nil then return 0 end
  pinfo.cols.info = show(message, tvb, pinfo, root)
  pinfo.cols.protocol = "ProcsLink"
  return tvb:captured_len()
end

DissectorTable.get("wtap_encap"):add(NETLINK, cooked)
DissectorTable.get("netlink.protocol"):add(NETLINK_USERSOCK, procslink)
