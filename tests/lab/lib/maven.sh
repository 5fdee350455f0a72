# shellcheck shell=bash
# Puts a Java program into the cache: its jars, as its pom.xml has them.

# java_program NAME: the dependencies of maven/NAME/pom.xml into $CACHE/NAME, once for each state of it.
java_program() {
    local stamp=$CACHE/stamps/$1 want
    want=$(hash_of "$LAB_HOME/maven/$1/pom.xml")
    [[ -e $stamp && $(<"$stamp") == "$want" && -d $CACHE/$1 ]] || timed "build $1" copy_jars "$1"
    mkdir -p "$CACHE/stamps"
    echo "$want" >"$stamp"
}

java_needs() { echo openjdk-17-jre-headless maven; }

copy_jars() {
    local new=$CACHE/.$1.new
    rm -rf "$new"
    # --strict-checksums: what came broken is an error, not a warning.
    quietly "$CACHE/logs/build-$1.log" mvn --batch-mode --strict-checksums --file "$LAB_HOME/maven/$1/pom.xml" \
        dependency:copy-dependencies -DoutputDirectory="$new" -DincludeScope=runtime
    rm -rf "${CACHE:?}/$1"
    mv "$new" "$CACHE/$1"
}
