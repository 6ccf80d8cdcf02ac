// Runs before the pages whose pictures are taken: what there is no desktop and no server for.

// Where an address ends with `?desktop`, the page finds itself in the desktop's window: what the host tells comes by
// Tauri's channel, and nothing that is asked is answered.
if (location.search === '?desktop') {
    const callbacks = [];
    window.__TAURI_INTERNALS__ = {
        transformCallback: (callback) => callbacks.push(callback) - 1,
        invoke: (command, { channel }) => new Promise((done) => {
            if (command !== 'subscribe') return;
            let index = 0;
            const tell = callbacks[channel.split(':')[1]];
            new EventSource('/api/v1/events').onmessage = ({ data }) => tell({ index: index++, message: data });
            done();
        }),
    };
}

// Whoever opens the guest link `live` sees hills, by day or by night as the page is light or dark.
if (location.hash.startsWith('#live.')) {
    const canvas = document.createElement('canvas'), pen = canvas.getContext('2d');
    [canvas.width, canvas.height] = [1280, 720];
    const night = matchMedia('(prefers-color-scheme: dark)').matches;
    const paint = () => {
        const sky = pen.createLinearGradient(0, 0, 0, 720);
        sky.addColorStop(0, night ? '#0b1026' : '#a9d0f5');
        sky.addColorStop(1, night ? '#34305e' : '#fdf1d3');
        pen.fillStyle = sky;
        pen.fillRect(0, 0, 1280, 720);
        pen.fillStyle = night ? '#e8e6d4' : '#fff7c9';
        pen.beginPath();
        pen.arc(940, 190, 64, 0, 7);
        pen.fill();
        const hills = night ? ['#20264a', '#18203a', '#101828'] : ['#b5d3a2', '#8fbc7d', '#6da35f'];
        hills.forEach((colour, n) => {
            pen.fillStyle = colour;
            pen.beginPath();
            pen.moveTo(0, 720);
            for (let x = 0; x <= 1280; x += 8) {
                pen.lineTo(x, 430 + 90 * n + 46 * Math.sin(x / (150 + 40 * n) + 2 * n));
            }
            pen.lineTo(1280, 720);
            pen.fill();
        });
    };
    setInterval(paint, 100);
    window.RTCPeerConnection = class {
        iceGatheringState = 'complete';
        connectionState = 'connected';
        localDescription = { sdp: 'v=0' };
        seen = 0;
        addTransceiver() {}
        async createOffer() {}
        async setLocalDescription() {}
        async setRemoteDescription() {
            paint();
            const sound = new AudioContext().createMediaStreamDestination().stream;
            const tracks = [...canvas.captureStream(10).getTracks(), ...sound.getTracks()];
            tracks.forEach((track) => this.ontrack({ track }));
        }
        async getStats() {
            const framesDecoded = this.seen++;
            return new Map([[0, { type: 'inbound-rtp', kind: 'video', packetsReceived: 1, framesDecoded }]]);
        }
        close() {}
    };
}
