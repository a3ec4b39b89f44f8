// Package orders says where orders and the state of their goods come from: a
// CSV file that a shop exports (File), a table in memory that rehearsals change
// (Table), and a supplier to try the desk against (Sandbox).
//
// Nothing here reads a clock or decides anything. A source answers
// refund.ErrNotFound for an order that it does not know; any other error means
// that it cannot be reached, and nothing is concluded from it. (R10, R41)
package orders
