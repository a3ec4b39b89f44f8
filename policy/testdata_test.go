package policy

// small is a whole policy in few lines; tests change one of them.
const small = `version: 1
currency: CNY
suppliers:
  dyr: {rolls_back: true, within: 2h}
products:
  p1: {kind: topup, fulfilment: auto, window: 24h, instant: true, supplier: dyr}
evidence:
  - reasons: [wrong_account]
    required:
      intended_account: {en: We need it.}
guards:
  - {name: big, when: amount > 200, outcome: review, say: {en: Much.}}
rules:
  - name: failed
    when: goods == "failed"
    outcome: refund
    exempt: [big]
  - name: block
    when: |
      goods == "used" &&
        personal
    outcome: refuse
    clause: {en: No.}
refusals:
  used: {en: Used.}
deadlines:
  buyer: {remind: [1h, 6h]}
  merchant: {default: 24h, pays_up_to: 50 CNY, owner_days: 7, unanswered: {en: Nobody.}}
  evidence_at_least: 24h
  survives: 168h
  undo: 10s
`
