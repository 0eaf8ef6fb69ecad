#!/bin/sh
# A small shop: every sale is printed once, whatever fails in between. Needs curl and jq.
#
# shop.sh sell NAME PRICE VAT                store a sale and print its receipt
# shop.sh resume                             ask about every open sale: whenever your program starts
# shop.sh decide KEY WHO printed NUMBER      undecided: a person has found the receipt
# shop.sh decide KEY WHO not_printed         undecided: a person has found no receipt
#
# Ends with 0 printed, 1 not printed, 2 wrong usage, 3 undecided, 5 refused, 6 not known yet.
set -eu

SOCKET=${FISCALD_SOCKET:-/run/fiscald/fiscald.sock}
SALES=${SHOP_SALES:-sales.jsonl}         # the shop's database
PRINTER=${SHOP_PRINTER:-till1}
WAIT=3                                   # seconds until fiscald answers "not yet": the cashier learns soon that there is no paper
TIMEOUT=${SHOP_TIMEOUT:-15}              # seconds; more than WAIT
PAUSES="0.5 1 2 4"                       # seconds before the same question again

# -- the shop's database: the last line of a key counts ---------------------------------------------------------

# store RECORD returns when the record is on the disk: after a power cut it must be there.
store() {
    # The first newline ends what an earlier crash may have left unfinished.
    printf '\n%s\n' "$1" >>"$SALES"
    sync "$SALES"
}

# open_sales: every sale without a final answer, one in a line. Unfinished records were never submitted.
open_sales() {
    [ ! -e "$SALES" ] || jq -ncR '
        reduce (inputs | fromjson? | objects) as $record ({}; .[$record.key] += $record)
        | .[] | select(.state | IN("done", "failed", "refused") | not)' "$SALES"
}

# -- fiscald ------------------------------------------------------------------------------------------------------

# call METHOD PATH BODY: one request. Sets status and answer; the status is 0 if there is no answer, or one that is not
# fiscald's.
call() {
    answer=$(printf '%s' "$3" | curl --silent --unix-socket "$SOCKET" --max-time "$TIMEOUT" --request "$1" \
        --header 'Content-Type: application/json' --data-binary @- --write-out '\n%{http_code}' "http://localhost$2") || answer=
    status=$(printf '%s' "$answer" | tail -n 1)
    answer=$(printf '%s' "$answer" | sed '$d')
    member . >/dev/null 2>&1 && [ -n "$answer" ] || status=0
}

# no_answer: the outcome is unknown, ask again with the same key.
no_answer() {
    case $status in 0 | 408 | 429 | 500 | 503) true ;; *) false ;; esac
}

# ask METHOD PATH BODY: the same request until there is an answer. The key makes that safe: nothing is printed twice.
ask() {
    for pause in $PAUSES; do
        call "$@"
        no_answer || return 0
        echo "Brak odpowiedzi. Pytam ponownie o tę samą sprzedaż."
        sleep "$pause"
    done
    call "$@"
}

# member FILTER: a part of the answer as text; empty if there is none.
member() {
    printf '%s' "$answer" | jq -r "$1 // empty"
}

# path KEY: the job's path.
path() {
    printf '/v1/jobs/%s' "$(jq -nr --arg key "$1" '$key | @uri')"
}

# submit KEY DOCUMENT asks for a receipt until the answer is final.
submit() {
    shown=
    body=$(jq -nc --arg printer "$PRINTER" --argjson document "$2" '{$printer, $document}')
    while ask PUT "$(path "$1")?wait=$WAIT" "$body"; do
        case $(no_answer || member .state) in accepted | running) ;; *) break ;; esac
        waiting=$(member .waiting.detail_pl)        # no paper, printer off
        [ -z "$waiting" ] || [ "$waiting" = "$shown" ] || echo "Czekam: $waiting"
        shown=$waiting
    done
    tell "$1"
}

# tell KEY shows the cashier what became of the sale, and stores it if it is final.
tell() {
    if no_answer; then
        echo "Wynik nie jest jeszcze znany. Zapytaj później: resume"
        return 6
    fi
    if [ "$status" -ge 400 ]; then
        echo "Odmowa: $(member .detail_pl)"
        member .detail >&2                          # for the developer: which field, and what to send instead
        [ "$(member .document)" = not_printed ] || return 6     # this request did nothing, but an earlier one may have printed
        store "$(jq -nc --arg key "$1" '{$key, state: "refused"}')"
        return 5
    fi
    case $(member .state) in
    done)
        number=$(member .result.number)
        store "$(jq -nc --arg key "$1" --argjson number "$number" '{$key, state: "done", $number}')"
        echo "Wydrukowano paragon nr $number"
        return 0
        ;;
    failed)                                         # the corrected receipt is a new sale with a new key
        store "$(jq -nc --arg key "$1" '{$key, state: "failed"}')"
        echo "Nie wydrukowano: $(member .error.detail_pl)"
        return 1
        ;;
    esac
    # Undecided: the printer itself does not know. Only a person who looks at the paper can say.
    echo "Nie wiadomo, czy paragon się wydrukował: $(member .error.detail_pl)"
    member '.created_at as $at | .document.lines[] | "Szukaj na papierze: \(.name) \(.price), około \($at)"'
    echo "Jest taki paragon:      decide $1 KTO printed NUMER"
    echo "Nie ma takiego paragonu: decide $1 KTO not_printed"
    return 3
}

# -- the till -----------------------------------------------------------------------------------------------------

# sell NAME PRICE VAT
sell() {
    key=sale-$(cat /proc/sys/kernel/random/uuid)    # made with the sale; an invoice number is as good
    document=$(jq -nc --arg name "$1" --arg price "$2" --arg vat "$3" \
        '{type: "receipt", lines: [{$name, $price, $vat}]}')
    # Before the first request: after a crash, resume asks with this key.
    store "$(jq -nc --arg key "$key" --argjson document "$document" '{$key, $document}')"
    submit "$key" "$document"
}

# resume asks about every sale that has no final answer; the worst result counts.
resume() {
    worst=0
    found=$(open_sales)
    while read -r sale; do
        [ -n "$sale" ] || continue
        code=0
        submit "$(printf '%s' "$sale" | jq -r .key)" "$(printf '%s' "$sale" | jq -c .document)" || code=$?
        [ "$code" -le "$worst" ] || worst=$code
    done <<END
$found
END
    return "$worst"
}

# decide KEY WHO VERDICT [NUMBER]: what a person found on the paper of an undecided sale.
decide() {
    decision=$(jq -nc --arg by "$2" --arg verdict "$3" --argjson number "${4:-null}" \
        '{$verdict, $by} + if $number == null then {} else {$number} end')
    ask POST "$(path "$1")/resolution" "$decision"
    tell "$1"
}

usage() {
    echo "sell NAME PRICE VAT | resume | decide KEY WHO printed NUMBER | decide KEY WHO not_printed" >&2
    return 2
}

is_number() {
    case $1 in '' | *[!0-9]*) false ;; esac
}

case "$# ${1:-} ${4:-}" in
"4 sell "*) sell "$2" "$3" "$4" ;;
"1 resume ") resume ;;
"5 decide printed") if is_number "$5"; then decide "$2" "$3" printed "$5"; else usage; fi ;;
"4 decide not_printed") decide "$2" "$3" not_printed ;;
*) usage ;;
esac
