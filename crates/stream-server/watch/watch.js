// Plays one stream for whoever has its link: by WebRTC first, else by HLS; comes back by itself after whatever ends it.
"use strict";

/** No new picture (or sound) for so long means that what plays is dead; the first one may take longer. */
const STALL = 2000, FIRST = 8000, HLS_STALL = 8000, HLS_FIRST = 15000;
/** How often it is asked whether the stream is live, and whether the link is still good. */
const ASK = 2000, CHECK = 5000;

const body = document.body, video = document.getElementById("video"), sound = document.getElementById("sound");
const [link, token] = decodeURIComponent(location.hash.slice(1)).split(".");
const headers = { Authorization: "Bearer " + token };
const base = "/guest/" + link;
/** What plays has no sound, as far as is known. */
let silent = false;
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

function show(state) {
  if (body.dataset.state !== state) body.dataset.state = state;
}

/** How the stream is: {name, live, whole}; "gone" when the link is not good any more; null when nobody answers. */
async function ask() {
  try {
    const answer = await fetch(base, { headers, cache: "no-store" });
    if (answer.status === 401) return "gone";
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

/** Plays until it ends. What ended it: "gone", "refused" when this way can't play it, "lost" when it played. */
async function watched(count, first, stall) {
  let seen = -1, at = performance.now(), checked = at, played = false;
  for (;;) {
    await sleep(250);
    const now = await count(), time = performance.now();
    if (now === null) return played ? "lost" : "refused";
    if (now > seen) {
      if (seen >= 0 && now > 0) {
        played = true;
        show("live");
      }
      [seen, at] = [now, time];
    }
    if (time - at > (played ? stall : first)) return played ? "lost" : "refused";
    if (time - checked > CHECK) {
      checked = time;
      if ((await ask()) === "gone") return "gone";
    }
  }
}

async function playByWebrtc() {
  if (!window.RTCPeerConnection) return "refused";
  const peer = new RTCPeerConnection();
  let session = null;
  try {
    const media = new MediaStream();
    for (const kind of ["video", "audio"]) peer.addTransceiver(kind, { direction: "recvonly" });
    peer.ontrack = (event) => {
      media.addTrack(event.track);
      video.srcObject = media;
      silent = media.getAudioTracks().length === 0;
      start();
    };
    await peer.setLocalDescription(await peer.createOffer());
    // All our own addresses in one offer: nothing is left to tell later.
    const gathered = new Promise((done) => {
      peer.onicegatheringstatechange = () => peer.iceGatheringState === "complete" && done();
    });
    if (peer.iceGatheringState !== "complete") await Promise.race([gathered, sleep(1000)]);
    const type = { ...headers, "Content-Type": "application/sdp" };
    const answer = await fetch(base + "/whep", { method: "POST", headers: type, body: peer.localDescription.sdp });
    if (answer.status === 401) return "gone";
    if (answer.status === 404 || answer.status === 502) return "lost";
    if (!answer.ok) return "refused";
    session = answer.headers.get("Location");
    await peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
    return await watched(() => received(peer), FIRST, STALL);
  } catch {
    return "refused";
  } finally {
    peer.close();
    video.srcObject = null;
    if (session) fetch(session, { method: "DELETE", headers, keepalive: true }).catch(() => {});
  }
}

/** Pictures that came, or packets of sound where there is no picture; null when the connection is over. */
async function received(peer) {
  if (["failed", "closed", "disconnected"].includes(peer.connectionState)) return null;
  let pictures = 0, packets = 0, hasVideo = false;
  for (const report of (await peer.getStats()).values()) {
    if (report.type !== "inbound-rtp") continue;
    if (report.kind === "video" && report.packetsReceived) {
      hasVideo = true;
      pictures += report.framesDecoded ?? report.framesReceived ?? report.packetsReceived;
    }
    packets += report.packetsReceived || 0;
  }
  return hasVideo ? pictures : packets;
}

async function playByHls() {
  const url = base + "/hls/index.m3u8";
  const position = () => video.currentTime;
  await loaded();
  if (!window.Hls || !window.Hls.isSupported()) {
    if (!video.canPlayType("application/vnd.apple.mpegurl")) return "refused";
    let failed = false;
    video.onerror = () => (failed = true);
    video.src = url;
    silent = false;
    start();
    try {
      return await watched(() => (failed ? null : position()), HLS_FIRST, HLS_STALL);
    } finally {
      video.onerror = null;
      video.removeAttribute("src");
      video.load();
    }
  }
  const xhrSetup = (request) => request.setRequestHeader("Authorization", headers.Authorization);
  const hls = new window.Hls({ enableWorker: false, lowLatencyMode: true, xhrSetup });
  let failed = false;
  try {
    hls.on(window.Hls.Events.ERROR, (_, error) => (failed = failed || error.fatal));
    silent = true;
    hls.on(window.Hls.Events.BUFFER_CREATED, (_, { tracks }) => {
      silent = !tracks.audio && !tracks.audiovideo;
      offer();
    });
    hls.loadSource(url);
    hls.attachMedia(video);
    start();
    return await watched(() => (failed ? null : position()), HLS_FIRST, HLS_STALL);
  } finally {
    hls.destroy();
  }
}

let library = null;
/** hls.js, which MediaMTX brings along; resolves also when it can't be had. */
function loaded() {
  library ??= new Promise((done) => {
    const script = document.createElement("script");
    script.src = "/hls.min.js";
    script.onload = script.onerror = done;
    document.head.append(script);
  });
  return library;
}

/** Without a click browsers play only what is muted. */
function start() {
  video.play().catch(() => {
    video.muted = true;
    video.play().catch(() => {});
  });
  offer();
}

/** Sound is offered where there is some. */
function offer() {
  sound.hidden = silent || !video.muted;
}

sound.onclick = () => {
  video.muted = false;
  video.controls = true;
  sound.hidden = true;
  video.play().catch(() => {});
};

async function main() {
  if (!link || !token) return show("wrong");
  // Which way it goes: WebRTC has the shortest delay, but not every sound. The way that played is kept.
  let whole = null, byHls = false, refusals = 0;
  for (;;) {
    const guest = await ask();
    if (guest === "gone") return show("gone");
    if (!guest) show("unreachable");
    else document.getElementById("name").textContent = document.title = guest.name;
    if (guest && !guest.live) show("offline");
    if (!guest?.live) {
      refusals = 0;
      await sleep(ASK);
      continue;
    }
    if (whole !== guest.whole) {
      whole = guest.whole;
      byHls = !whole;
    }
    if (refusals >= 2) show("unplayable");
    else if (body.dataset.state !== "live") show("connecting");
    const ended = byHls ? await playByHls() : await playByWebrtc();
    if (ended === "gone") return show("gone");
    if (ended === "refused") {
      refusals += 1;
      byHls = !byHls;
    } else {
      refusals = 0;
    }
    // Both ways failed: it may be a matter of the network, so it is tried again, at leisure.
    await sleep(ended === "lost" ? 200 : refusals < 2 ? 500 : CHECK);
  }
}

addEventListener("hashchange", () => location.reload());
main();
