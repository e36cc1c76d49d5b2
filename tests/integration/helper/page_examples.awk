# The nth literal block of a manual page's EXAMPLES: awk -v nth=N -f page_examples.awk PAGE
/^\.Sh / { inside = ($0 == ".Sh EXAMPLES") }
inside && /^\.Bd -literal/ { block++; on = 1; next }
/^\.Ed/ { on = 0 }
on && block == nth { gsub(/\\e/, "\\"); gsub(/\\&/, ""); print }
