// "Record on your phone instead": shows on this screen what happens on the other one.
