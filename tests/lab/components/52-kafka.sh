# shellcheck shell=bash
# Apache Kafka: one node, broker and controller in one. It runs on the machine; pods come to it by Service kafka in
# namespace infra. It says of itself that it is at the gateway, where this machine and pods find it alike; but to who
# comes by listener GATED it says that it is at the gate, where a test listens that wants to see all requests.

needs() { java_needs; }
wants() { echo network kube-apiserver certificates; }
ports() { echo LAB_PORT_KAFKA{,_SSL,_SASL,_SASL_SSL,_CONTROLLER,_GATED,_GATE}; }
build() { java_program kafka; }

start() {
    local settings=$LAB/run/kafka.properties data=$LAB/data/kafka
    write_settings >"$settings"
    cat "$LAB/pki/kafka.key" "$LAB/pki/kafka.crt" >"$LAB/pki/kafka.pem"
    [[ -e $data/formatted ]] || format_data
    run_process "${java[@]}" kafka.Kafka "$settings"
}

# What compiles least starts first.
java=(java -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$CACHE/kafka/*")

format_data() {
    local mechanism users=()
    for mechanism in SCRAM-SHA-256 SCRAM-SHA-512; do
        users+=(--add-scram "$mechanism=[name=$LAB_KAFKA_USER,password=$LAB_KAFKA_PASSWORD]")
    done
    rm -rf "$data"
    # The id is one that Kafka makes: 16 random bytes in base64 of URLs.
    quietly "$LAB/logs/kafka-format.log" "${java[@]}" kafka.tools.StorageTool format --config "$settings" \
        --cluster-id="$(head -c 16 /dev/urandom | basenc --base64url | tr -d =)" "${users[@]}"
    touch "$data/formatted"
}

write_settings() {
    local listener module=org.apache.kafka.common.security
    cat <<PROPERTIES
process.roles=broker,controller
node.id=1
log.dirs=$LAB/data/kafka
controller.quorum.voters=1@127.0.0.1:$LAB_PORT_KAFKA_CONTROLLER
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listeners=CONTROLLER://127.0.0.1:$LAB_PORT_KAFKA_CONTROLLER,GATED://127.0.0.1:$LAB_PORT_KAFKA_GATED,$(listeners 0.0.0.0)
advertised.listeners=GATED://127.0.0.1:$LAB_PORT_KAFKA_GATE,$(listeners "$LAB_GATEWAY")
listener.security.protocol.map=CONTROLLER:PLAINTEXT,GATED:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL

ssl.keystore.type=PEM
ssl.keystore.location=$LAB/pki/kafka.pem
ssl.truststore.type=PEM
ssl.truststore.location=$LAB/pki/back-ends.crt
listener.name.ssl.ssl.client.auth=required

auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
# Else it keeps a quarter of its memory for this.
log.cleaner.dedupe.buffer.size=8388608
PROPERTIES
    for listener in sasl_plaintext sasl_ssl; do
        cat <<PROPERTIES
listener.name.$listener.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
listener.name.$listener.plain.sasl.jaas.config=$module.plain.PlainLoginModule required user_$LAB_KAFKA_USER="$LAB_KAFKA_PASSWORD";
listener.name.$listener.scram-sha-256.sasl.jaas.config=$module.scram.ScramLoginModule required;
listener.name.$listener.scram-sha-512.sasl.jaas.config=$module.scram.ScramLoginModule required;
PROPERTIES
    done
}

# listeners ADDRESS: all that clients come by.
listeners() {
    echo "PLAINTEXT://$1:$LAB_PORT_KAFKA,SSL://$1:$LAB_PORT_KAFKA_SSL,SASL_PLAINTEXT://$1:$LAB_PORT_KAFKA_SASL,SASL_SSL://$1:$LAB_PORT_KAFKA_SASL_SSL"
}

# It listens once it can serve.
ready() { tcp_ok "$LAB_GATEWAY" "$LAB_PORT_KAFKA"; }
after() { host_service infra kafka 9092 "$LAB_PORT_KAFKA"; }
