# Reads ctest's JUnit report and counts cases: those that a program names itself (cmocka's "[       OK ]", TAP's "ok 1"),
# else the test as one. Writes lines for tests/run.sh:
#   pass NAME   fail NAME   skip NAME (a case that says so itself)   lack NAME (a test that could not run for want of a tool:
#   exit status 77 as ctest's SKIP_RETURN_CODE, or TAP's "1..0 # SKIP")
# A test that failed counts at least one failure, whatever it printed.

function attribute(name) {
  return match($0, " " name "=\"[^\"]*\"") ? substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 4) : ""
}

function many(kind, n, text,  i) {
  for (i = 0; i < n; i++) print kind " " test text
}

function finish() {
  if (test == "") return
  if (status == "run" && nothing) {
    many("lack", 1, ": " reason)
  } else if (status == "run") {
    many("fail", bad, " (said so, and yet exited 0)")
    many("pass", good + skipped + bad == 0 ? 1 : good, "")
    many("skip", skipped, "")
  } else if (status == "notrun" && wanted) {
    many("lack", 1, reason == "" ? "" : ": " reason)
  } else {
    many("fail", bad == 0 ? 1 : bad, reason == "" ? "" : " (" reason ")")
    many("pass", good, "")
  }
  test = ""
}

/<testcase / {
  finish()
  test = attribute("name")
  status = attribute("status")
  good = bad = skipped = wanted = nothing = 0
  reason = ""
}
/<skipped message="SKIP_/ { wanted = 1 }
/<skipped message="Unable/ { reason = attribute("message") }
/\[       OK \]/ { good++ }
/(^|>)ok [0-9]/ { if (/# *[Ss][Kk][Ii][Pp]/) skipped++; else good++ }
/(^|>)not ok [0-9]/ { bad++ }
/\[  FAILED  \] [0-9]+ test\(s\)/ { bad += $4 }
/\[  SKIPPED \] [0-9]+ test\(s\)/ { skipped += $4 }
/(^|>)1\.\.0 +# *SKIP/ { nothing = 1; reason = $0; sub(/.*SKIP:? */, "", reason); sub(/<.*/, "", reason) }
/(^|>)SKIP:? / { reason = $0; sub(/.*SKIP:? */, "", reason); sub(/<.*/, "", reason) }
END { finish() }
