#!/bin/sh
# run.sh DIR PROGRAM [ARGUMENT…]: runs the program and leaves its process id, last words and exit code in DIR.
# WebKitWebDriver is the parent of the window it opens, so nobody else could ask for the code.
dir=$1
shift
"$@" >"$dir/stdout" 2>"$dir/stderr" &
echo $! >"$dir/pid.new" && /bin/mv "$dir/pid.new" "$dir/pid"
wait $!
echo $? >"$dir/code.new" && /bin/mv "$dir/code.new" "$dir/code"
