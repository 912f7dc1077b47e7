#!/bin/sh
# A decoder of ruzstd reads a frame with a large window if it is new, and refuses the same frame if it is used again.
#
# expected: `FrameDecoder::reset` makes a decoder as good as new, and saves what a new one would allocate; the largest
#   window that it accepts is one number for all frames.
# happens: the first `reset` neither looks at the size of the window nor takes memory for it, which comes as the output
#   grows. Each further `reset` refuses a window of more than 100 MiB, with a message that names 4 TB as the most, and for
#   a smaller one takes memory at once, whatever the frame has: for five bytes of text in a frame that says 64 MiB, 128
#   MiB. Frames that say 128 MiB are what `zstd --long` and Nuitka write; behind another frame of a stream they fail.
# versions: ruzstd 0.8.1; needs cargo, and Linux for the size of the process.
# source: frames made by hand (RFC 8878, section 3.1.1.1.2), given to a new decoder and to the same one again.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

mkdir src
cat >Cargo.toml <<'END'
[package]
name = "finding"
version = "0.0.0"
edition = "2021"

[workspace]

[dependencies]
ruzstd = "=0.8.1"
END
cat >src/main.rs <<'END'
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

fn main() {
    // Each in a process of its own, so that nothing is left of another.
    let size: u32 = std::env::args().nth(1).unwrap().parse().unwrap();
    let exponent = (size << 20).ilog2();
    let eighths = (size - (1 << (exponent - 20))) * 8 >> (exponent - 20);
    let window = (exponent - 10) << 3 | eighths;
    // One block, which is not compressed.
    let frame = [&b"\x28\xb5\x2f\xfd\x00"[..], &[window as u8], b"\x29\x00\x00hello"].concat();
    let mut decoder = FrameDecoder::new();
    for age in ["new", "used before"] {
        let before = memory();
        let mut input = &frame[..];
        if let Err(why) = decoder.reset(&mut input) {
            println!("a window of {size} MiB, {age}: {why}");
            continue;
        }
        decoder.decode_blocks(&mut input, BlockDecodingStrategy::All).unwrap();
        let text = String::from_utf8(decoder.collect().unwrap()).unwrap();
        let taken = (memory() - before + 512) / 1024;
        println!("a window of {size} MiB, {age}: {text}, for {taken} MiB");
    }
}

/// The KiB that the process has taken at most.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let mut lines = status.lines();
    let peak = lines.find_map(|line| line.strip_prefix("VmPeak:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse().unwrap()
}
END
cat >expected <<'END'
ruzstd 0.8.1
a window of 8 MiB, new: hello, for 0 MiB
a window of 8 MiB, used before: hello, for 16 MiB
a window of 64 MiB, new: hello, for 0 MiB
a window of 64 MiB, used before: hello, for 128 MiB
a window of 96 MiB, new: hello, for 0 MiB
a window of 96 MiB, used before: hello, for 128 MiB
a window of 104 MiB, new: hello, for 0 MiB
a window of 104 MiB, used before: Specified window_size is too big; Requested: 109051904, Max: 4123168604160
a window of 128 MiB, new: hello, for 0 MiB
a window of 128 MiB, used before: Specified window_size is too big; Requested: 134217728, Max: 4123168604160
END
{
    echo "ruzstd 0.8.1"
    for size in 8 64 96 104 128; do
        cargo run --quiet -- "$size"
    done
} >output 2>build.log || { cat build.log; exit 2; }
cat output
diff expected output
