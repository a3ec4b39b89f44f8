// Package orders says where orders and the state of their goods come from: a
// CSV file that a shop exports (File), shops that answer a contract (HTTP), the
// shop systems dujiao-next (DujiaoNext), dujiaoka (Dujiaoka) and acg-faka (AcgFaka),
// a table in memory that rehearsals change (Table), suppliers (Contract, Dayuanren,
// Fulu, Kasushou, Reloadly, Kinguin), and one to try the desk against (Sandbox).
//
// Nothing here decides anything, and the time comes from outside. What a shop does
// not record is unknown in its orders and never guessed; Knows says so beforehand.
// A source or supplier answers refund.ErrNotFound for an order that it does not
// know; any other error means that it cannot be reached or believed, and nothing is
// concluded from it: unknown is never failed, and only a supplier's own positive
// word is. (R10, R41)
package orders
